"""TABLE rule -> its words in Chinese and English: why an item was refused or waits, and how to mend
it. A fault is named where it is found (`rule` of records.fhir.issues.Issue); what has no name there
is told by its FHIR issue code, with the detail (records/sync/detail_words.py).
"""

from records.agent.refusal import Rule

# In all texts: {field}, {value}, and the words that the fault brings along.
RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        # the bytes of a resource
        Rule(
            "json.invalid",
            "资源行不是有效的 JSON：{detail_zh}",
            "每行一个完整的 JSON 对象，编码用 UTF-8，行内不换行；由程序生成，不要手工拼接",
            "The resource line is no JSON: {detail}",
            "One whole JSON object a line, UTF-8, no line breaks inside; let a program write it",
        ),
        Rule(
            "json.object",
            "资源行不是 JSON 对象",
            '资源应为 {{"resourceType": …}} 这样的对象',
            "The resource line is no JSON object",
            'Send an object, {{"resourceType": …}}',
        ),
        Rule(
            "json.boolean",
            "{field} 应为 true 或 false，收到的是 {value}",
            "写 true 或 false，不加引号",
            "{field} is true or false, and {value} came",
            "Write true or false, without quotes",
        ),
        Rule(
            "json.integer",
            "{field} 应为整数，收到的是 {value}",
            "写成整数，不加引号",
            "{field} is a whole number, and {value} came",
            "Write the number without quotes",
        ),
        Rule(
            "json.decimal",
            "{field} 应为数字，收到的是 {value}",
            "写成数字，不加引号，不带单位；“<0.01”这样的结果把符号放进 comparator",
            "{field} is a number, and {value} came",
            "Write the number without quotes or unit; of “<0.01” the sign goes into comparator",
        ),
        Rule(
            "json.string",
            "{field} 应为带引号的日期或时间，收到的是 {value}",
            "加上引号",
            "{field} is a date or time in quotes, and {value} came",
            "Put it in quotes",
        ),
        Rule(
            "json.address",
            "{field} 应为带引号的地址，收到的是 {value}",
            "加上引号",
            "{field} is an address in quotes, and {value} came",
            "Put it in quotes",
        ),
        # which resource it is
        Rule(
            "type.missing",
            "资源没有 resourceType",
            '写明资源类型，例如 "resourceType": "Observation"',
            "The resource has no resourceType",
            'Name it, as in "resourceType": "Observation"',
        ),
        Rule(
            "type.unknown",
            "平台不收 {type} 这种资源",
            "换成平台支持的类型（见 /fhir/<医院>/metadata），或者不发这条",
            "{type} is not hosted here",
            "Use a type that /fhir/<hospital>/metadata lists, or leave it out",
        ),
        Rule(
            "type.other",
            "条目写的类型是 {said}，资源却是 {value}",
            "把两处改成一致",
            "The item says {said}, the resource is {value}",
            "Make them agree",
        ),
        Rule(
            "id.other",
            "资源的 id 是 {value}，按来源和记录号应为 {expected}",
            "不写 id，或者写成 {expected}",
            "The resource's id is {value}; by source and record it is {expected}",
            "Leave the id out, or write {expected}",
        ),
        # its structure
        Rule(
            "resource.invalid",
            "资源的结构不对：{detail_zh}",
            "对照 FHIR R4 的 {field} 页面修改",
            "The resource's structure is wrong: {detail}",
            "Mend it by the page of {field} in FHIR R4",
        ),
        Rule(
            "resource.too-large",
            "资源太大，而且里面有错误",
            "拆成几条来发，或者先改正错误",
            "The resource is too large, and something in it is wrong",
            "Send it in parts, or mend what is wrong",
        ),
        Rule(
            "resource.part",
            "这是查询时取的部分内容（带 SUBSETTED 标记），存入会丢掉其余内容",
            "先读完整的资源，再修改、发送",
            "This is a part of a resource (tag SUBSETTED); stored, it would replace the whole",
            "Read it whole, then change and send it",
        ),
        Rule(
            "element.missing",
            "缺少必填的 {field}",
            "补上 {field}；源系统没有时，请在映射里给出固定值",
            "{field} is required and missing",
            "Add it; where the source has none, give a fixed value in the mapping",
        ),
        Rule(
            "element.unknown",
            "FHIR R4 在这里没有 {element} 这个元素（{field}）",
            "改正拼写、去掉它，或者放进 extension",
            "FHIR R4 has no element {element} here ({field})",
            "Correct its spelling, leave it out, or send it as an extension",
        ),
        Rule(
            "element.empty",
            "{field} 是空值",
            "没有内容的元素整个不要发",
            "{field} is empty",
            "Leave out elements that say nothing",
        ),
        Rule(
            "element.array",
            "{field} 可以有多个，应为数组",
            "写成 [ … ]，只有一个也要加方括号",
            "{field} repeats and is an array",
            "Write [ … ], also around one",
        ),
        Rule(
            "element.object",
            "{field} 应为 JSON 对象，收到的是 {value}",
            "写成 {{ … }}",
            "{field} is a JSON object, and {value} came",
            "Write {{ … }}",
        ),
        Rule(
            "element.one-choice",
            "{choices} 只能有其中一个",
            "留下一个，其余去掉",
            "Only one of {choices} may be there",
            "Keep one of them",
        ),
        Rule(
            "element.unreadable",
            "平台读不懂 {field} 的内容：{value}",
            "检查这个值；确认无误时请联系平台管理员",
            "The platform cannot read {field}: {value}",
            "Check the value; if it is right, ask the platform's operator",
        ),
        Rule(
            "text.control-character",
            "{field} 里有控制字符或半个字符",
            "去掉看不见的字符；常见原因是编码转换出错",
            "{field} holds a control character or half of a character",
            "Take it out; often an encoding was converted wrongly",
        ),
        # the form of values
        Rule(
            "form.date",
            "{field} 的日期“{value}”不对",
            "写成日历上有的日期，如 1980-05-12；不知道日或月时写 1980-05 或 1980",
            "{value} in {field} is no date",
            "Send a day of the calendar, 1980-05-12, or 1980-05 or 1980 where no more is known",
        ),
        Rule(
            "form.dateTime",
            "{field} 的时间“{value}”不对",
            "写成日期，或者带秒和时区的时间，如 2026-10-12T08:30:00+08:00",
            "{value} in {field} is no date or time",
            "Send a date, or date and time with seconds and offset, 2026-10-12T08:30:00+08:00",
        ),
        Rule(
            "form.instant",
            "{field} 的时间“{value}”不对",
            "写成带秒和时区的时间，如 2026-10-12T08:30:00+08:00",
            "{value} in {field} is no instant",
            "Send date and time with seconds and offset, 2026-10-12T08:30:00+08:00",
        ),
        Rule(
            "form.time",
            "{field} 的时刻“{value}”不对",
            "写成时、分、秒，如 08:30:00",
            "{value} in {field} is no time of day",
            "Send hours, minutes and seconds, 08:30:00",
        ),
        Rule(
            "form.id",
            "{field} 的“{value}”不能作 id",
            "id 为 1 到 64 个字母、数字、短横线或点",
            "{value} in {field} is no id",
            "An id has 1 to 64 letters, digits, hyphens or full stops",
        ),
        Rule(
            "form.code",
            "{field} 的代码“{value}”首尾有空格，或中间有连续空格",
            "去掉多余的空格",
            "The code {value} in {field} has blanks at its ends, or two in a row",
            "Take out the blanks",
        ),
        Rule(
            "form.string",
            "{field} 应为文字，收到的是 {value}",
            "加上引号",
            "{field} is text, and {value} came",
            "Put it in quotes",
        ),
        Rule(
            "form.other",
            "{field} 的“{value}”不合这种数据（{type}）的格式",
            "对照 FHIR R4 的数据类型页面修改",
            "{value} in {field} does not have the form of its type ({type})",
            "Mend it by the data types' page of FHIR R4",
        ),
        Rule(
            "code.not-in-set",
            "{field} 的代码“{value}”不在规定的值里",
            "改用：{allowed}",
            "The code {value} in {field} is not in the required value set",
            "Use one of {allowed}",
        ),
        Rule(
            "narrative.xhtml",
            "{field} 的文字说明不是规定的 XHTML：{detail_zh}",
            "按提示修改，或者不发 text",
            "The narrative {field} is not the XHTML that is permitted: {detail}",
            "Mend it as told, or leave text out",
        ),
        # what it says
        Rule(
            "date.future",
            "{field} 的时间“{value}”在将来",
            "核对日期，或者校准来源系统的时钟",
            "{value} in {field} lies in the future",
            "Correct the date, or the clock of the sending system",
        ),
        Rule(
            "identifier.twice",
            "{field} 的号码在同一条里出现了两次",
            "只留一个",
            "The identifier {field} stands there twice",
            "Send it once",
        ),
        Rule(
            "identifier.resident-number",
            "{field} 的身份证号“{value}”不对：{detail_zh}",
            "对照身份证改正；查不到时先不填身份证号",
            "{value} in {field} is no valid citizen number: {detail}",
            "Correct it from the card, or send the Patient without it",
        ),
        Rule(
            "patient.same-number",
            "本院已有另一位患者用同一个病案号",
            "核对是不是同一个人：是，就用原来的记录号发送；不是，请改正病案号",
            "Another Patient of this hospital has the same hospital number",
            "The same person: send under that record's number. Another one: correct the number",
        ),
        Rule(
            "patient.too-alike",
            "这一批里有太多非常相像的患者，比对时间过长",
            "把这些患者分成几批来发",
            "The Patients of this batch look so much alike that comparing them takes too long",
            "Send them in several batches",
        ),
        # what it refers to
        Rule(
            "reference.missing",
            "引用的 {target} 还没有收到",
            "不用重发，{target} 到了会自动入库。一直不来，就看看它是不是被拒收了、有没有发送、"
            "记录号对不对得上",
            "{field} refers to {target}, which has not come",
            "Nothing to send again: it is stored as soon as {target} is. If that never comes, check"
            " whether it was sent, and its record number",
        ),
        Rule(
            "reference.no-room",
            "引用的 {target} 还没有收到；本系统被退回和等待的数据已达平台保存上限（{letters} 条或"
            " {megabytes} MB），这一条没有保存",
            "先发送 {target}，并处理被退回的数据，然后重新发送这一条",
            "{field} refers to {target}, which has not come; and of this system's refused and"
            " waiting items the platform keeps {letters}, or {megabytes} MB, which are there: this"
            " one was not kept",
            "Send {target} first and mend what was refused, then send this one again",
        ),
        Rule(
            "reference.form",
            "{field} 的引用“{value}”写法不对",
            "写成“类型/id”，如 Patient/his-00012345；id 由来源和记录号得出",
            "The reference {value} in {field} is wrong: {detail}",
            "Write Type/id, as Patient/his-00012345; the id is derived from source and record",
        ),
        Rule(
            "reference.referred",
            "还有 {count} 条资料指向 {target}，不能删除",
            "先删除或改掉指向它的资料",
            "{count} resources refer to {target}, so it is not deleted",
            "Delete or change what refers to it first",
        ),
        Rule(
            "contained.twice",
            "{field}：两个内含资源用了同一个 id",
            "各用各的 id",
            "{field}: two contained resources have one id",
            "Give each its own",
        ),
        Rule(
            "contained.nested",
            "{field}：内含资源里不能再有内含资源",
            "都放在同一层",
            "{field}: what is contained contains nothing itself",
            "Put all of it side by side",
        ),
        # who sent it, and the platform itself
        Rule(
            "rights.ended",
            "做到这一条时，发送它的系统或本院已停用",
            "请联盟管理员恢复后重新发送",
            "When its turn came, the system or its hospital had been stopped",
            "Ask the administrator of the alliance, then send it again",
        ),
        Rule(
            "rights.scope",
            "发送系统的权限不包括这项内容：{detail_zh}",
            "请联盟管理员给这个系统增加权限，再重新发送",
            "The system's scopes do not cover this: {detail}",
            "Have the scopes added, then send it again",
        ),
        Rule(
            "server.altered",
            "平台上保存的内容打不开",
            "请重新发送；并请告诉平台管理员",
            "What was stored cannot be opened",
            "Send it again, and tell the platform's operator",
        ),
        Rule(
            "server.error",
            "平台处理这一条时出错",
            "不是您的问题：请告诉平台管理员，修好后在问题数据页面重做",
            "The platform failed at this item",
            "This is not your fault: tell the platform's operator; it is replayed once mended",
        ),
        # by FHIR issue code, where the fault has no name
        Rule(
            "fhir.structure",
            "{field} 的结构不对（{detail_zh}）",
            "按括号里的说明修改",
            "{detail}",
            "As it says",
        ),
        Rule(
            "fhir.value",
            "{field} 的值“{value}”不对（{detail_zh}）",
            "按括号里的说明修改",
            "{detail}",
            "As it says",
        ),
        Rule(
            "fhir.business-rule",
            "{field} 不合规定（{detail_zh}）",
            "按括号里的说明修改",
            "{detail}",
            "As it says",
        ),
        Rule(
            "fhir.conflict",
            "{field} 与平台上已有的资料冲突（{detail_zh}）",
            "按括号里的说明处理",
            "{detail}",
            "As it says",
        ),
        Rule(
            "fhir.not-found",
            "{field} 指向的内容找不到（{detail_zh}）",
            "按括号里的说明处理",
            "{detail}",
            "As it says",
        ),
        Rule(
            "fhir.other",
            "平台不收这一条（{detail_zh}）",
            "按括号里的说明修改",
            "{detail}",
            "As it says",
        ),
    )
}
