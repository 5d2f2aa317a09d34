"""TABLE of what can be wrong with a FHIR file, with its mend, in Chinese and English."""

from __future__ import annotations

from ..refusal import Rule

NOT_JSON = Rule(
    "fhir.json",
    "不是完整的 JSON：{detail}",
    "请重新导出；文件可能没有写完，或被编辑器改过。",
    "This is no complete JSON: {detail}",
    "Export it again; it may have been cut off, or changed by an editor.",
)
NOT_FHIR = Rule(
    "fhir.resource",
    "不是 FHIR 资源：没有 resourceType，或它不是一个名称。",
    "文件应是一个 Bundle，或每行一个资源（NDJSON）。",
    "This is no FHIR resource: it has no resourceType that is a name.",
    "The file is a Bundle, or has a resource on each line (NDJSON).",
)
NO_ID = Rule(
    "fhir.no-id",
    "{value} 没有 id，也没有 fullUrl：下次更正时无法识别它。",
    "请让导出程序给每个资源一个固定不变的 id。",
    "{value} has neither an id nor a fullUrl: a correction could not be told from another one.",
    "Let the export give each resource an id that stays.",
)
LONG_ID = Rule(
    "fhir.id",
    "id 不能用作记录号：{value}",
    "id 只用字母、数字、“-”和“.”。",
    "This id cannot be a record number: {value}",
    "An id has letters, digits, - and . alone.",
)
UNRESOLVED = Rule(
    "fhir.unresolved",
    "引用 {value} 指向的资源不在这个 Bundle 里。",
    "请把它一起导出，或改用“类型/id”。",
    "The reference {value} leads to nothing in this Bundle.",
    "Export that along with it, or refer by type/id.",
)
TWICE = Rule(
    "fhir.twice",
    "Bundle 里有两个资源的 fullUrl 都是 {value}：取最后一个。",
    "请检查导出程序。",
    "Two resources of the Bundle have the fullUrl {value}: the last one counts.",
    "See to the export.",
)
BUNDLE_TYPE = Rule(
    "fhir.bundle-type",
    "不接收 {value} 类型的 Bundle。",
    "能接收的有 transaction、batch、collection、searchset、message、history。",
    "A Bundle of the type {value} is not taken.",
    "Taken are transaction, batch, collection, searchset, message and history.",
)
METHOD = Rule(
    "fhir.method",
    "不执行 {value}。",
    "请导出整个资源（PUT 或 POST），或删除（DELETE 类型/id）。",
    "{value} is not done.",
    "Export the whole resource (PUT or POST), or a deletion (DELETE type/id).",
)
TOO_LARGE = Rule(
    "fhir.too-large",
    "资源超过 {value} MB。",
    "请把大附件单独存为 Binary，或压缩图像。",
    "The resource is larger than {value} MB.",
    "Keep large files as Binary of their own, or compress images.",
)
EMPTY = Rule(
    "fhir.empty",
    "文件里没有资源。",
    "请检查导出条件。",
    "There is no resource in the file.",
    "See to what was selected for the export.",
)
