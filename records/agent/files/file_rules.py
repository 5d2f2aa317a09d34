"""The rules of whole files, of their encoding and of their cells, with their words."""

from __future__ import annotations

from ..refusal import Rule

EMPTY = Rule(
    "file.empty",
    "文件里没有数据。",
    "请确认导出是否成功，重新导出后再放入文件夹。",
    "the file holds no data",
    "check whether the export worked, and export it again",
)
GONE = Rule(
    "file.unreadable",
    "文件打不开：{detail}。",
    "请确认文件没有被别的程序占用、当前用户有读取权限，再试一次。",
    "the file cannot be opened: {detail}",
    "check that no other program holds it and that it may be read, then try again",
)
DAMAGED = Rule(
    "file.damaged",
    "文件里有程序读不懂的内容（{detail}），没有读完。",
    "请从医院系统重新导出；若仍如此，用 Excel 或 WPS 打开后另存为 .xlsx 或 CSV，再放入文件夹。",
    "the file holds what cannot be read ({detail}), and was not read to its end",
    "export it again; where that does not help, save it as .xlsx or CSV, and use that file",
)
BAD_RECORD = Rule(
    "record.not-sendable",
    "这条记录不能发送：{detail}。",
    "请核对这条记录的编号：1 到 200 个字符，不能有换行等控制字符。改好后重新导出。",
    "this record cannot be sent: {detail}",
    "check its number: 1 to 200 characters, without control characters; then export it again",
)
OLD_XLS = Rule(
    "file.old-xls",
    "这是旧版 Excel 文件（.xls），无法直接读取。",
    "用 Excel 或 WPS 打开，“另存为”选“Excel 工作簿（*.xlsx）”或“CSV”，再放入文件夹。",
    "this is an old Excel file (.xls), which is not read",
    'open it in Excel or WPS, "Save as" → "Excel workbook (*.xlsx)" or "CSV", and use that file',
)
ENCRYPTED = Rule(
    "file.encrypted",
    "文件设了打开密码，无法读取。",
    "用 Excel 或 WPS 打开，在“文件—信息—保护工作簿”里去掉密码，另存为 .xlsx 后再放入。",
    "the file is protected by a password",
    'open it, remove the password ("File" → "Info" → "Protect workbook"), and save it as .xlsx',
)
WEB_PAGE = Rule(
    "file.web-page",
    "文件后缀像表格，内容其实是网页（有些系统的“导出 Excel”就是这样）。",
    "用 Excel 或 WPS 打开，另存为“Excel 工作簿（*.xlsx）”，再放入文件夹。",
    'the file is a web page under a spreadsheet\'s name (the "Excel export" of some systems)',
    'open it in Excel or WPS and save it as "Excel workbook (*.xlsx)"',
)
OTHER_KIND = Rule(
    "file.other-kind",
    "这不是 CSV 或 XLSX 表格（{detail}）。",
    "请导出为 CSV 或 XLSX，再放入文件夹。",
    "this is neither CSV nor XLSX ({detail})",
    "export it as CSV or XLSX",
)
BROKEN_XLSX = Rule(
    "file.broken-xlsx",
    "XLSX 文件已损坏或不完整：{detail}。",
    "请重新导出；或用 Excel、WPS 打开后另存为新的 .xlsx。",
    "the XLSX file is damaged or incomplete: {detail}",
    "export it again, or open it in Excel or WPS and save it as a new .xlsx",
)
UNSAFE_XLSX = Rule(
    "file.unsafe-xlsx",
    "XLSX 文件含有不安全的内容（{detail}），已拒绝读取。",
    "请从医院系统重新导出；若仍如此，另存为 CSV，并查一查文件来源。",
    "the XLSX file has unsafe content ({detail}) and was not read",
    "export it anew from the hospital's system; if that does not help, save it as CSV and find out "
    "where it comes from",
)
HIDDEN_SHEET = Rule(
    "sheet.hidden",
    "工作表“{value}”是隐藏的，没有读取。",
    "需要上传就取消隐藏；不需要可以不管。",
    'the sheet "{value}" is hidden and was not read',
    "show it if it is to be sent; else nothing needs doing",
)
HIDDEN_CELLS = Rule(
    "sheet.hidden-cells",
    "表里有隐藏的内容（{rows} 行、{columns} 列），已照样读取。",
    "多半是筛选后没有取消；不想上传的行或列，请删掉而不是隐藏。",
    "rows ({rows}) or columns ({columns}) of the sheet are hidden; they were read like the others",
    "a filter is often left on; delete what is not to be sent instead of hiding it",
)
OPEN_QUOTE = Rule(
    "row.open-quote",
    "这一行有一个双引号没有配对，已按单行拆开读取。",
    "核对这一行的内容；导出时给含引号的字段转义（双引号写两遍），或去掉多余的引号。",
    "a quote in this row is never closed; the row was read up to the end of its line",
    "check the row; write a quote within a field twice when exporting, or take it out",
)
TOO_WIDE = Rule(
    "file.too-wide",
    "这一行有 {columns:,} 列（最多 {most:,} 列），从这一行起没有读。",
    "多半是导出时行与行之间没有换行，或分隔符不对；请重新导出，或用 Excel、WPS 另存为 .xlsx。",
    "this row has {columns:,} columns ({most:,} at most); the file was not read from here on",
    "often the rows are not parted by line ends, or the separator is wrong: export it again, or "
    "save it as .xlsx",
)
TOO_LONG = Rule(
    "file.too-long-row",
    "这一行超过 {most:,} 个字，从这一行起没有读。",
    "多半是有双引号没有配对，或行与行之间没有换行；请核对这一行，把引号补齐或去掉后重新导出。",
    "this row is longer than {most:,} characters; the file was not read from here on",
    "often a quote is never closed, or the rows are not parted by line ends: check the row, close "
    "the quote or take it out, and export it again",
)
UNREAD_BYTES = Rule(
    "text.unreadable",
    "有字符读不出来（乱码或损坏）。",
    "在原系统里改正这一行的文字，导出时选 UTF-8 或 GB18030 编码。",
    "some characters cannot be read (damaged, or of another encoding)",
    "mend the text of this row in the source system, and export as UTF-8 or GB18030",
)
USER_MADE = Rule(
    "text.user-made",
    "含有本院自造字（{codes}），其他医院看不到字形；原样上传，字形待补。",
    "把造字对应的正式汉字告诉平台，或在原系统里改用正式汉字。",
    "holds characters that the hospital made itself ({codes}), whose shape others do not have; "
    "sent as it is",
    "tell the platform which characters they stand for, or replace them in the source system",
)
FORMULA_ERROR = Rule(
    "cell.formula-error",
    "单元格是公式错误，没有值：{value}。",
    "在表格里修好公式，或直接填写数值。",
    "the cell holds the error of a formula and no value: {value}",
    "mend the formula, or write the value itself",
)
