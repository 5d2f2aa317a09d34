"""TABLE of what can be wrong with a message, with its mend, in Chinese and English."""

from __future__ import annotations

from ..refusal import Rule

NO_MESSAGE = Rule(
    "hl7.no-message",
    "文件里没有找到 HL7 消息：消息应以 MSH 段开头。",
    "请确认接口导出的是 HL7 v2 文本，不是压缩包、XML 或网页。",
    "There is no HL7 message in the file: a message begins with the segment MSH.",
    "See to it that the interface writes HL7 v2 as text: no archive, XML or web page.",
)
STRAY_LINE = Rule(
    "hl7.stray-line",
    "这一行在第一个 MSH 段之前，不属于任何消息。",
    "请把它删掉，或补上它前面的 MSH 段。",
    "This line stands before the first MSH segment and belongs to no message.",
    "Take it out, or put the MSH segment before it.",
)
HEADER = Rule(
    "hl7.header",
    "MSH 段的分隔符无法识别（{value}）。",
    "MSH 后面应依次是字段分隔符和四个编码字符，例如 MSH|^~\\&|。请在发送方修改后重发。",
    "The separators of the MSH segment cannot be read ({value}).",
    "Behind MSH stand the field separator and four encoding characters, as in MSH|^~\\&|. Mend it "
    "at the sender and send again.",
)
CHARACTERS = Rule(
    "hl7.characters",
    "消息的字符既不是 UTF-8，也不是 GB 18030。",
    "请让发送方使用 UTF-8 或 GB 18030，并在 MSH-18 写明 UNICODE UTF-8 或 GB 18030-2000。",
    "The message's characters are neither UTF-8 nor GB 18030.",
    "Let the sender use UTF-8 or GB 18030 and say so in MSH-18: UNICODE UTF-8 or GB 18030-2000.",
)
CHARACTERS_SAID = Rule(
    "hl7.characters-said",
    "MSH-18 写的是 {value}，内容却不是这种编码；已按实际编码读取。",
    "请让发送方把 MSH-18 改成实际使用的编码。",
    "MSH-18 says {value}, and the content is of another kind; it was read as what it is.",
    "Let the sender write into MSH-18 what it uses.",
)
KIND = Rule(
    "hl7.kind",
    "暂不接收 {value} 类型的消息。",
    "能接收的有：ADT、ORU^R01、ORM^O01、OML^O21、OMG^O19。"
    "若这类消息不必上传，请在接口上停发，"
    "或在 agent.ini 的 [mllp] 里写 ignore = {value}。",
    "Messages of the kind {value} are not taken.",
    "Taken are ADT, ORU^R01, ORM^O01, OML^O21 and OMG^O19. Where these need not be sent, stop them "
    "at the interface, or write ignore = {value} into [mllp] of agent.ini.",
)
DELETE_PATIENT = Rule(
    "hl7.delete-patient",
    "A29（删除患者）不自动执行：该患者名下可能还有病历。",
    "确需删除时，请先逐条撤回其病历，再请联盟平台的病案管理员处理。",
    "A29 (delete person) is not done by itself: there may be records of the patient.",
    "Where it is meant, recall those records first, then ask the record clerk at the platform.",
)
NO_CONTROL_ID = Rule(
    "hl7.no-control-id",
    "消息没有编号（MSH-10），重发时无法识别。",
    "请让发送方给每条消息一个不重复的编号。",
    "The message has no number (MSH-10); sent again it could not be known.",
    "Let the sender give each message a number of its own.",
)
NO_PATIENT = Rule(
    "hl7.no-patient",
    "消息里没有患者（PID 段）。",
    "请让发送方加上 PID 段，PID-3 填患者在本院的编号。",
    "The message has no patient (segment PID).",
    "Let the sender add PID, with the patient's number at the hospital in PID-3.",
)
NO_PATIENT_NUMBER = Rule(
    "hl7.no-patient-number",
    "PID-3 没有患者编号，不知道是谁的病历。",
    "请让发送方在 PID-3.1 填患者在本院的编号（病案号或患者 ID）。",
    "PID-3 has no patient number: nobody knows whose record it is.",
    "Let the sender write the patient's number at the hospital into PID-3.1.",
)
NO_OLD_NUMBER = Rule(
    "hl7.no-old-number",
    "合并消息没有写原来的患者编号（MRG-1）。",
    "请让发送方在 MRG-1.1 填被合并的患者编号。",
    "The merge does not say which number is merged (MRG-1).",
    "Let the sender write the number that is merged into MRG-1.1.",
)
SAME_NUMBER = Rule(
    "hl7.same-number",
    "合并消息里新旧患者编号相同（{value}）。",
    "请核对：PID-3 填保留的编号，MRG-1 填被合并的编号。",
    "The merge names the same number twice ({value}).",
    "PID-3 holds the number that stays, MRG-1 the one that is merged.",
)
NO_VISIT_NUMBER = Rule(
    "hl7.no-visit-number",
    "PV1 没有就诊号（PV1-19），也没有入院时间（PV1-44）：只收患者信息，不收这次就诊。",
    "请让发送方在 PV1-19 填门诊号或住院号（每次就诊一个）。",
    "PV1 has no visit number (PV1-19) and no time of admission (PV1-44): the patient is taken, the "
    "visit is not.",
    "Let the sender write the number of the visit into PV1-19.",
)
NO_RECORD_NUMBER = Rule(
    "hl7.no-record-number",
    "{column} 没有编号，下次更正时无法识别这份记录。",
    "请让发送方填上申请单号（OBR-2）或报告单号（OBR-3）。",
    "{column} has no number: a correction could not be told from another record.",
    "Let the sender fill in the number of the order (OBR-2) or of the report (OBR-3).",
)
LONG_NUMBER = Rule(
    "hl7.long-number",
    "编号超过 200 个字符。",
    "请核对字段是否错位。",
    "The number is longer than 200 characters.",
    "See whether the fields are shifted.",
)
NO_CODE = Rule(
    "hl7.no-code",
    "{column} 没有项目代码，也没有名称。",
    "请让发送方填上代码和名称，例如 ALT^谷丙转氨酶。",
    "{column} has neither a code nor a name.",
    "Let the sender fill in both, such as ALT^Alanine aminotransferase.",
)
TIME = Rule(
    "hl7.time",
    "“{value}”不是时间；其余内容照收，这个时间留空。",
    "请用 YYYYMMDDHHMMSS，例如 20260503081500。",
    "“{value}” is no time; the rest is taken, this time is left out.",
    "Write YYYYMMDDHHMMSS, such as 20260503081500.",
)
FUTURE = Rule(
    "hl7.future",
    "消息的时间 {value} 在未来：不按它判断新旧，按到达顺序。",
    "请校准发送方的时钟。",
    "The message's time {value} lies ahead: what is newer is decided by the order of arrival.",
    "Set the sender's clock.",
)
NUMBER = Rule(
    "hl7.number",
    "结果类型是 NM（数值），内容“{value}”却不是一个数；已按文字收下。",
    "请让发送方把文字结果的类型（OBX-2）写成 ST。",
    "The result's type is NM (number), but “{value}” is not one number; it is taken as text.",
    "Let the sender write ST into OBX-2 of a result in words.",
)
RESULT_STATUS = Rule(
    "hl7.result-status",
    "结果状态“{value}”不认识（OBX-11 或 OBR-25）；按“未知”收下。",
    "常用的有 F（最终）、P（初步）、C（更正）、X（取消）。",
    "The result's status “{value}” is not known (OBX-11 or OBR-25); it is taken as unknown.",
    "Common ones are F (final), P (preliminary), C (corrected), X (cancelled).",
)
LOOSE_FILE = Rule(
    "hl7.loose-file",
    "这个附件或链接（OBX-2 为 {value}）不在报告里，没有地方放；未收。",
    "请用 ORU^R01 随报告发送。",
    "This file or link (OBX-2 is {value}) is in no report, and has no place; it was not taken.",
    "Send it with its report, as ORU^R01.",
)
FILE = Rule(
    "hl7.file",
    "附件（OBX-5）读不出来：{value}",
    "ED 应为 应用^类型^子类型^Base64^内容；RP 应为 http(s) 网址。",
    "The file (OBX-5) cannot be read: {value}",
    "ED is application^type^subtype^Base64^content; RP is an http(s) address.",
)
LINE = Rule(
    "hl7.line",
    "这一行不是 HL7 段（段名应为三个大写字母或数字）。其余各段照收。",
    "文本里的换行请写成 \\.br\\。",
    "This line is no HL7 segment (a name of three capital letters or digits). The others are "
    "taken.",
    "Write a line break inside a text as \\.br\\.",
)
SEGMENT = Rule(
    "hl7.segment",
    "{value} 段的内容未收：这类消息里只读患者、就诊、过敏、诊断、申请和结果。",
    "用药、手术、接种等请用数据库视图或表格上传。",
    "The content of segment {value} is not taken: of these messages the patient, the visit, "
    "allergies, diagnoses, orders and results are read.",
    "Send medication, procedures and vaccinations by SQL views or files.",
)
EMPTY = Rule(
    "hl7.empty",
    "{column} 是空的。",
    "请核对发送方的模板。",
    "{column} is empty.",
    "See to the sender's template.",
)
ORDER = Rule(
    "hl7.order",
    "{column} 没有申请单（OBR 段）。",
    "一条申请应有 ORC 段和 OBR 段。",
    "{column} has no order (segment OBR).",
    "An order has both ORC and OBR.",
)
