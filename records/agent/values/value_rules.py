"""The rules of single values, with their words."""

from __future__ import annotations

from ..refusal import Rule

MISSING = Rule(
    "cell.missing",
    "“{column}”没有填。",
    "在原系统里补上这一项再导出；整列都空时，检查导出语句有没有带上这一列。",
    '"{column}" is empty',
    "fill it in in the source system; where the whole column is empty, see whether the export has "
    "it at all",
)
ROUNDED = Rule(
    "cell.rounded-number",
    "“{value}”是被表格软件当成数字、末尾几位已经丢失的号码。",
    "丢掉的数字找不回来，不要手工补零：从原系统重新导出，用 Excel 打开前先把这一列设成“文本”格式，"
    "或者不经过 Excel 直接放入。",
    '"{value}" was taken for a number by a spreadsheet, and its last digits are lost',
    "they cannot be brought back, and zeros are not them: export anew, and set the column to "
    '"Text" before the file is opened in a spreadsheet, or do not open it in one at all',
)
DATE = Rule(
    "date.unreadable",
    "“{value}”不是能看懂的日期。",
    "写成 2026-01-02 或 2026-01-02 14:05。",
    '"{value}" is no date that can be read',
    "write 2026-01-02 or 2026-01-02 14:05",
)
DATE_AMBIGUOUS = Rule(
    "date.ambiguous",
    "“{value}”分不清年、月、日。",
    "年份写四位并放在最前面，例如 2026-01-02。",
    '"{value}" may be read as several dates',
    "write the year first and with four digits: 2026-01-02",
)
DATE_FUTURE = Rule(
    "date.future",
    "“{value}”是将来的日期。",
    "核对年份；写错了就在原系统里改正再导出。",
    '"{value}" is in the future',
    "check the year, and correct it in the source system",
)
ID_SHAPE = Rule(
    "id.shape",
    "身份证号应为 18 位（或老的 15 位），这里是 {length} 位。",
    "核对证件后在原系统里改正；如果开头或末尾少了数字，多半是表格软件改过，从原系统重新导出。",
    "an identity number has 18 characters (15 in the old form); this one has {length}",
    "correct it from the card; where digits are gone at an end, a spreadsheet has changed it: "
    "export anew",
)
ID_CHECK = Rule(
    "id.check-digit",
    "身份证号校验位不对，至少有一位录错了。",
    "对照身份证核对后在原系统里改正。",
    "the check digit of the identity number does not fit: at least one digit is wrong",
    "compare it with the card and correct it in the source system",
)
ID_DATE = Rule(
    "id.birth-date",
    "身份证号第 7 到 14 位不是有效的出生日期。",
    "对照身份证核对后在原系统里改正。",
    "digits 7 to 14 of the identity number are no date of birth",
    "compare it with the card and correct it in the source system",
)
ID_MASKED = Rule(
    "id.masked",
    "身份证号被打了星号（{value}）。",
    "请导出未脱敏的号码；实在没有，把这一格留空。",
    "the identity number is masked ({value})",
    "export the whole number, or leave the cell empty",
)
ID_OTHER_BIRTH = Rule(
    "id.other-birth-date",
    "出生日期 {value} 与身份证号里的 {other} 不一致。",
    "对照身份证核对，两处改成一致。",
    "the date of birth {value} is not the one in the identity number ({other})",
    "compare both with the card",
)
ID_OTHER_GENDER = Rule(
    "id.other-gender",
    "性别“{value}”与身份证号不一致。",
    "对照身份证核对，两处改成一致。",
    'the gender "{value}" is not that of the identity number',
    "compare both with the card",
)
PHONE = Rule(
    "phone.odd",
    "“{value}”不像电话号码，没有上传。",
    "核对号码：手机 11 位，座机带区号。",
    '"{value}" does not look like a telephone number and was left out',
    "check it: mobiles have 11 digits, other numbers their area code",
)
CODE = Rule(
    "code.unknown",
    "“{column}”里的“{value}”不认识。",
    "可以填：{known}。",
    '"{value}" is not known in "{column}"',
    "what may stand there: {known}",
)
NUMBER = Rule(
    "number.unreadable",
    "“{value}”不是数字。",
    "只填数字，单位放在单位列里。",
    '"{value}" is no number',
    "write the number alone; its unit has a column of its own",
)
SEVERAL = Rule(
    "cell.several",
    "“{value}”里像是有几项，没有拆开，按一条原样上传。",
    "最好每项导出一行；拆不开可以不管。",
    '"{value}" looks like several; it was sent as one, as it is written',
    "one row for each is better; else nothing needs doing",
)
RANGE_TURNED = Rule(
    "range.turned",
    "参考范围“{value}”下限比上限大，按原文上传。",
    "核对参考范围。",
    'the lower bound of "{value}" is above the upper one; sent as text',
    "check the reference range",
)
TOO_LONG = Rule(
    "text.too-long",
    "“{column}”有 {length} 个字，最多 {most} 个。",
    "多半是引号没有配对、把后面的行都并进来了；核对这一行。真有这么长，用“文书”列集上传文件。",
    '"{column}" has {length} characters, {most} at most',
    "mostly a quote is not closed and the rows behind it were taken in: check the row. What is so "
    'long in truth is sent as a file of the set "document"',
)
