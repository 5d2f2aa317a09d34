"""The rules of tables and their rows, with their words."""

from __future__ import annotations

from ..refusal import Rule

NOT_RECOGNISED = Rule(
    "file.not-recognised",
    "看不出这是哪一类数据：表头与任何一个列集都对不上（看到的是：{headers}）。",
    "用 xinglin-agent templates 生成模板，照模板的列名导出；列名可以用同义词，但不能没有表头。",
    "what data these are is not known: the headers fit no column set (found: {headers})",
    "xinglin-agent templates writes templates: export with their column names. Synonyms are known, "
    "but there must be a header",
)
MISSING_COLUMNS = Rule(
    "file.missing-columns",
    "按“{set}”读取，但缺少必需的列：{missing}。",
    "在导出语句里补上这些列；“或”表示有其中一列即可。",
    "read as {set}, but columns are missing: {missing}",
    "add them to the export; of those joined by / one is enough",
)
UNKNOWN_COLUMNS = Rule(
    "file.unknown-columns",
    "这些列不认识，没有上传：{value}。",
    "如果里面有需要的内容，把列名改成模板里的名称；不需要就不用管。",
    "these columns are not known and were not sent: {value}",
    "give those that matter the name that the template has; else nothing needs doing",
)
TOTALS = Rule(
    "row.totals",
    "小计、合计或打印信息行，已跳过。",
    "不用处理。",
    "a row of totals or of the printout, left out",
    "nothing needs doing",
)
REPEATED = Rule(
    "row.same-number",
    "编号“{value}”在前面（{first}）已经出现过，内容不同。",
    "同一编号只能有一条：给每行唯一的“{column}”，或删掉错的那一行。",
    'the number "{value}" was there before ({first}), with other content',
    'one number is one record: give each row a "{column}" of its own, or take the wrong row out',
)
FROM_GROUP = Rule(
    "row.from-group",
    "同组医嘱的后续行，以下各列照这一组的第一行补上：{columns}。",
    "不用处理；如果这一行不属于上面那一组，补上它自己的患者编号和组号。",
    "a further row of a group of orders: filled from the group's first row: {columns}",
    "nothing needs doing; if the row is none of that group, give it its own patient and group",
)
PATIENT_REFUSED = Rule(
    "row.patient-refused",
    "这位患者的基本信息被拒收了，他（她）的其他记录先不上传。",
    "先在患者那张表里改好这位患者，再把患者表和这张表一起放回文件夹；这一行本身不用改。",
    "this patient was refused, so their records wait",
    "correct this patient in the file of patients, then put that file and this one in again; this"
    " row itself is right",
)
NO_RECORD = Rule(
    "row.no-number",
    "拼不出这一行的唯一编号：{value}。",
    "补上编号列，或补上用来拼编号的列。",
    "the row has no number of its own: {value}",
    "fill in the column of numbers, or those that make one",
)
FILE_MISSING = Rule(
    "document.file-missing",
    "找不到文件“{value}”。",
    "把它和表格放在同一个文件夹里，核对文件名（包括后缀）。",
    'the file "{value}" is not there',
    "put it beside the table and compare the name with its ending",
)
FILE_OUTSIDE = Rule(
    "document.file-outside",
    "“{value}”不在表格所在的文件夹里，不能读取。",
    "把文件放到表格旁边，只写文件名。",
    '"{value}" lies outside the folder of the table',
    "put the file beside the table and write its name alone",
)
FILE_TOO_LARGE = Rule(
    "document.file-too-large",
    "文件“{value}”有 {size} MB，最多 {most} MB。",
    "压缩图片或拆成几份。",
    'the file "{value}" has {size} MB; {most} MB at most',
    "reduce its pictures, or part it",
)
