"""TABLE English detail of a fault -> the same in Chinese, for what comes most often; what is not
here is told as it is.
"""

import re

JSON = (
    (r"not UTF-8 at byte (?P<n>\d+).*", "在偏移 {n} 字节处不是 UTF-8 编码"),
    (r"Expecting value at line \d+, column (?P<n>\d+)", "第 {n} 个字符处缺少值"),
    (
        r"Expecting ',' delimiter at line \d+, column (?P<n>\d+)",
        "第 {n} 个字符处缺少逗号，或者括号没有配对",
    ),
    (r"Expecting ':' delimiter at line \d+, column (?P<n>\d+)", "第 {n} 个字符处缺少冒号"),
    (
        r"(Expecting property name enclosed in double quotes|Illegal trailing comma.*)"
        r" at line \d+, column (?P<n>\d+)",
        "第 {n} 个字符处应为带双引号的字段名，或者前面多了一个逗号",
    ),
    (
        r"Unterminated string starting at at line \d+, column (?P<n>\d+)",
        "从第 {n} 个字符开始的文字没有结束引号",
    ),
    (
        r"Invalid control character at at line \d+, column (?P<n>\d+)",
        "第 {n} 个字符是控制字符（如换行、制表符），应写成 \\n、\\t",
    ),
    (r"Invalid \\escape.* at line \d+, column (?P<n>\d+)", "第 {n} 个字符处反斜杠的写法不对"),
    (r"Extra data at line \d+, column (?P<n>\d+)", "从第 {n} 个字符起多出了内容"),
    (r"the key '(?P<n>.*)' stands twice in one object", "同一个对象里“{n}”写了两次"),
    (r"(?P<n>NaN|-?Infinity) is not a JSON number", "{n} 不是 JSON 数字"),
    (r"the number (?P<n>.*) is out of range", "数字 {n} 超出范围"),
    (r"a number of (?P<n>\d+) characters is too long.*", "有一个数字长达 {n} 个字符，太长"),
    (r"nested too deeply", "嵌套太深"),
)
NARRATIVE = (
    (
        r"A narrative is XHTML: .*",
        "应为一个带 XHTML 命名空间的 <div>，里面只有文字排版、链接和图片",
    ),
    (r"<(?P<n>[^>]*)> is not permitted in a narrative.*", "不允许使用 <{n}> 标签，请去掉"),
    (r"The narrative says nothing.*", "里面没有文字也没有图片；没有内容时整个 text 不要发"),
    (r"Take out the DOCTYPE.*", "请去掉 DOCTYPE、XML 声明和处理指令"),
    (r"Half of a character stands in the narrative.*", "里面有残缺的字符，请去掉"),
)
OTHER = (
    (
        r"The body holds more than (?P<n>\d+) JSON values.*",
        "内容超过 {n} 个 JSON 值，请拆成几条发送",
    ),
    (
        r"What is contained contains nothing itself.*",
        "contained 里的资源不能再含 contained，请并排放",
    ),
    (
        r"The endpoint is not on the list of addresses.*",
        "这个地址不在平台允许通知的名单里，请平台管理员加入",
    ),
    (r"Only the channel rest-hook is served\.", "订阅只支持 rest-hook 方式"),
    (
        r"The payload is application/fhir\+json, or left out\.",
        "payload 写 application/fhir+json，或者不写",
    ),
)
DETAILS = tuple((re.compile(form, re.DOTALL), zh) for form, zh in (*JSON, *NARRATIVE, *OTHER))


def translate_detail(detail: str) -> str:
    """In Chinese; as it is, where it is not known."""
    for form, zh in DETAILS:
        if found := form.fullmatch(detail):
            return zh.format_map(found.groupdict())
    return detail
