"""Translate the FHIRPath expressions of search parameters to paths of JSON keys."""

import re
from collections.abc import Iterator

from records.management.definitions.package_files import Json
from records.management.definitions.package_terminology import Terminology

# Extensions that the expressions call by another name than their definitions do
CALLED = {
    "http://hl7.org/fhir/SearchParameter/device-extensions-Device-din": (
        "http://hl7.org/fhir/StructureDefinition/device-din"
    ),
    "http://hl7.org/fhir/StructureDefinition/patient-extensions-Patient-mothersMaidenName": (
        "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
    ),
}

EXTENSION = re.compile(r"\w+\.extension\('([^']+)'\)")

EXTENDED = re.compile(
    r"\w+\.(\w+)\.where\(hasExtension\('([^']+)'\)\)\.answer\.value\.ofType\((\w+)\)"
)

# What the value of such an extension may be, by the kind of the parameter
VALUES = {
    "token": ("Identifier", "CodeableConcept", "Coding", "code", "string", "boolean"),
    "string": ("string", "CodeableConcept"),
    "reference": ("Reference",),
}


class Paths:
    """Search expressions cut down to lists of JSON keys, with the choice elements spelled out."""

    def __init__(self, defs: dict[str, Json], terms: Terminology) -> None:
        self.elements = {e["path"]: e for d in defs.values() for e in d["snapshot"]["element"]}
        self.terms = terms

    def step(self, owner: str, key: str, only: str | None) -> Iterator[tuple[str, str]]:
        """(json key, type name) of one step below owner."""
        element = self.elements.get(f"{owner}.{key}")
        if element is not None:
            if "contentReference" in element:
                yield key, element["contentReference"].lstrip("#")
                return
            code = element["type"][0]["code"]
            yield key, element["path"] if code in ("BackboneElement", "Element") else code
            return
        element = self.elements.get(f"{owner}.{key}[x]")
        for t in element["type"] if element else []:
            code = t["code"]
            if only is None or code.lower() == only.lower():
                yield key + code[0].upper() + code[1:], code

    def expand(self, type_name: str, kind: str, expression: str) -> list[Json]:
        if m := EXTENSION.fullmatch(expression):
            return [
                {
                    "path": ["extension", "value" + t[0].upper() + t[1:]],
                    "type": t,
                    "where": [1, "url", url],
                }
                for url in (m.group(1), *([CALLED[m.group(1)]] if m.group(1) in CALLED else []))
                for t in VALUES[kind]
            ]
        if m := EXTENDED.fullmatch(expression):
            return [
                {
                    "path": [m.group(1), "answer", "value" + m.group(3)],
                    "type": m.group(3),
                    "where": [1, "extension", m.group(2)],
                }
            ]
        out = []
        for branch in expression.split("|"):
            text = branch.strip()
            out += self.branch(
                type_name, text if not re.fullmatch(r"[a-z]\w*", text) else f"{type_name}.{text}"
            )
        return [self.with_systems(x) for x in out]

    def with_systems(self, row: Json) -> Json:
        """Of a code that is bound to value sets: the systems that it leaves unsaid."""
        at = row.pop("at", "")
        binding = self.elements.get(at, {}).get("binding", {}) if row["type"] == "code" else {}
        systems = self.terms.systems_of(binding.get("valueSet", "").split("|")[0])
        return row | {"systems": systems} if systems else row

    def branch(self, type_name: str, text: str) -> list[Json]:
        only = None
        if m := re.fullmatch(r"\((.+?) as (\w+)\)(.*)", text):
            text, only = m.group(1) + m.group(3), m.group(2)
        if m := re.fullmatch(r"(.+)\.as\((\w+)\)", text):
            text, only = m.group(1), m.group(2)
        extra: Json = {}
        if m := re.search(r"\.where\(resolve\(\) is (\w+)\)", text):
            text, extra["target"] = text.replace(m.group(0), ""), m.group(1)
        if m := re.search(r"\.where\((\w+)='([\w-]+)'\)", text):
            before = text[: m.start()]
            extra["where"] = [before.count("."), m.group(1), m.group(2)]
            text = text.replace(m.group(0), "")
        text = text.replace("[0]", "")
        whole = text.startswith(type_name + ".")
        steps = (text.removeprefix(type_name) if whole else text).split(".")
        if (not whole and steps[0] not in ("Resource", "DomainResource")) or not re.fullmatch(
            r"[\w.]+", text
        ):
            return []
        found, owners = [([], type_name)], [type_name]
        for i, key in enumerate(steps[1:]):
            last = only if i == len(steps) - 2 else None
            found, owners = (
                [([*path, k], t) for path, owner in found for k, t in self.step(owner, key, last)],
                [owner for _, owner in found],
            )
        return [
            {"path": path, "type": t, "at": f"{owners[0]}.{steps[-1]}", **extra}
            for path, t in found
        ]
