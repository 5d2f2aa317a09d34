"""Write the compact FHIR tables (hosted types, elements, search parameters) from the official R4 and R4B packages.

Source: the packages hl7.fhir.r4.examples 4.0.1 and hl7.fhir.r4b.core 4.3.0 (CC0), unpacked. A type is hosted when every
element of its R4 and R4B definition agrees in cardinality, types and required binding (ADR 0003). A type keeps its number for ever:
stored rows carry it.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

Json = dict[str, Any]
OUT = Path(__file__).resolve().parents[2] / "fhir" / "definitions"
# The same codes under another canonical name: R4 and R4B disagree on the value set's URL only.
SAME_CODES = {
    "http://terminology.hl7.org/ValueSet/v3-Confidentiality": "http://terminology.hl7.org/ValueSet/v3-ConfidentialityClassification"
}
KINDS = {"token", "string", "reference", "date", "uri", "number", "quantity", "composite", "special"}
SPECIAL = {
    "Location-near": [{"path": ["position"], "type": "Location.position"}],
    "Patient-deceased": [{"path": ["deceased"], "type": "boolean", "truth": True}],
}
# Where a Timing says when, beside what the expression names: its bounds count as its events do (FHIR R4 search.html#date)
TIMINGS = {
    "medications-date": [{"path": ["dosageInstruction", "timing"], "type": "Timing"}], "DeviceRequest-event-date": [{"path": ["occurrenceTiming"], "type": "Timing"}],
}
# Official, but without an expression: nothing says what they mean
UNSAID = {"patient-extensions-Patient-age", "patient-extensions-Patient-birthOrderBoolean"}
# Extensions that the expressions call by another name than their definitions do
CALLED = {
    "http://hl7.org/fhir/SearchParameter/device-extensions-Device-din": "http://hl7.org/fhir/StructureDefinition/device-din",
    "http://hl7.org/fhir/StructureDefinition/patient-extensions-Patient-mothersMaidenName": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
}
EXTENSION = re.compile(r"\w+\.extension\('([^']+)'\)")
EXTENDED = re.compile(r"\w+\.(\w+)\.where\(hasExtension\('([^']+)'\)\)\.answer\.value\.ofType\((\w+)\)")
# What the value of such an extension may be, by the kind of the parameter
VALUES = {"token": ("Identifier", "CodeableConcept", "Coding", "code", "string", "boolean"), "string": ("string", "CodeableConcept"), "reference": ("Reference",)}
# Parameters of every resource; what the others of this kind mean is not in the resource's elements.
META = {
    "_profile": {"kind": "uri", "paths": [{"path": ["meta", "profile"], "type": "canonical"}]},
    "_security": {"kind": "token", "paths": [{"path": ["meta", "security"], "type": "Coding"}]},
    "_source": {"kind": "uri", "paths": [{"path": ["meta", "source"], "type": "uri"}]},
    "_tag": {"kind": "token", "paths": [{"path": ["meta", "tag"], "type": "Coding"}]},
}
# Expressions that stand at each other's place in R4 (R5 has mended them)
SWAPPED = {"DocumentReference-relationship": {"code": "target", "target": "code"}}
# What a record "is about" in time: the first of these parameters that a type has becomes its clinical date.
CLINICAL_DATE = (
    "onset-date", "authoredon", "started", "whenhandedover", "effective-time", "date", "authored", "effective", "issued",
    "created", "period", "recorded", "sent", "occurrence", "start-date", "event-date", "collected", "datewritten",
)
# StructureDefinition contains ElementDefinition, whose definitions differ; the other two are messages, never stored.
NOT_HOSTED = {"StructureDefinition", "OperationOutcome", "Parameters"}


def load(folder: Path, prefix: str) -> Iterator[Json]:
    for path in sorted(folder.glob(prefix + "-*.json")):
        yield json.loads(path.read_text())


def definitions(folder: Path) -> dict[str, Json]:
    return {
        d["name"]: d for d in load(folder, "StructureDefinition")
        if d.get("derivation") == "specialization" and d["kind"] in ("resource", "complex-type")
    }


def signature(definition: Json) -> Json:
    out = {}
    for e in definition["snapshot"]["element"]:
        binding = e.get("binding", {})
        required = binding.get("valueSet", "").split("|")[0] if binding.get("strength") == "required" else ""
        out[e["path"]] = (e["min"], e["max"], sorted(t["code"] for t in e.get("type", [])), SAME_CODES.get(required, required))
    return out


class Terminology:
    """Value sets that are finite lists of codes, expanded from the code systems of the package."""

    def __init__(self, folder: Path) -> None:
        self.systems = {c["url"]: c for c in load(folder, "CodeSystem") if "url" in c}
        self.sets = {v["url"]: v for v in load(folder, "ValueSet") if "url" in v}

    def codes(self, url: str) -> list[str] | None:
        """All codes of a value set, or None where it is open (mime types, languages, units)."""
        out: list[str] = []
        for part in self.sets.get(url, {}).get("compose", {}).get("include", []):
            if "filter" in part or "valueSet" in part:
                return None
            if "concept" in part:
                out += [c["code"] for c in part["concept"]]
                continue
            system = self.systems.get(part.get("system", ""))
            if not system or system.get("content") != "complete":
                return None
            out += self.walk(system.get("concept", []))
        return sorted(set(out)) or None

    def systems_of(self, url: str) -> list[str]:
        """The code systems that a value set takes from."""
        return sorted({part["system"] for part in self.sets.get(url, {}).get("compose", {}).get("include", []) if "system" in part})

    def walk(self, concepts: list[Json]) -> list[str]:
        return [code for c in concepts for code in [c["code"], *self.walk(c.get("concept", []))]]


# JSON forms of primitive types (FHIR R4 json.html#primitive) that a lenient parser would take in another form
FORMS = {
    "boolean": "boolean", "integer": "integer", "positiveInt": "integer", "unsignedInt": "integer", "decimal": "decimal",
    "date": "string", "dateTime": "string", "instant": "string", "time": "string", "url": "address",
}


def structure(defs: dict[str, Json], terms: Terminology) -> Json:
    """{type: {json key: {"codes": [...]} | {"form": name} | {"type": name}}}, cut down to elements that lead to a code or a form.

    `extension` and `modifierExtension` lead to Extension everywhere and are left out.
    """
    nodes: dict[str, Json] = {}
    for _name, definition in defs.items():
        for e in definition["snapshot"]["element"][1:]:
            parent, _, key = e["path"].rpartition(".")
            for t in e.get("type", []):
                code = t["code"]
                json_key = key.replace("[x]", code[0].upper() + code[1:])
                node: Json = {}
                if code == "code" and e.get("binding", {}).get("strength") == "required":
                    codes = terms.codes(e["binding"]["valueSet"].split("|")[0])
                    node = {"codes": codes} if codes else {}
                elif code in FORMS:
                    node = {"form": FORMS[code]}
                elif code in ("BackboneElement", "Element"):
                    node = {"type": e["path"]}
                elif code in defs and code not in ("Extension", "Resource"):
                    node = {"type": code}
                if node:
                    nodes.setdefault(parent, {})[json_key] = node
            if "contentReference" in e:
                nodes.setdefault(parent, {})[key] = {"type": e["contentReference"].lstrip("#")}
    useful = {n for n, keys in nodes.items() if any("type" not in v for v in keys.values())}
    while True:
        more = {n for n, keys in nodes.items() if any(v.get("type") in useful for v in keys.values())} - useful
        if not more:
            break
        useful |= more
    return {
        n: {k: v for k, v in keys.items() if "type" not in v or v["type"] in useful}
        for n, keys in sorted(nodes.items()) if n in useful
    }


def shapes(defs: dict[str, Json], hosted: list[str]) -> Json:
    """{type: {json key: type of the value, with * before it where it repeats}}, of hosted types and what they are made of. "!": the keys
    that must be there; "?": [[must one be there, the keys of one choice], …].
    """
    out: Json = {}
    for definition in defs.values():
        for e in definition["snapshot"]["element"][1:]:
            parent, _, key = e["path"].rpartition(".")
            if key.endswith("[x]"):
                keys = [key.replace("[x]", t["code"][0].upper() + t["code"][1:]) for t in e["type"]]
                out.setdefault(parent, {}).setdefault("?", []).append([bool(e["min"]), keys])
            elif e["min"]:
                out.setdefault(parent, {}).setdefault("!", []).append(key)
            many = "*" if e["max"] != "1" else ""
            if "contentReference" in e:
                out.setdefault(parent, {})[key] = many + e["contentReference"].lstrip("#")
            for t in e.get("type", []):
                code = t["code"]
                if code.startswith("http"):
                    code = "string"
                kind = e["path"] if code in ("BackboneElement", "Element") else code
                out.setdefault(parent, {})[key.replace("[x]", code[0].upper() + code[1:])] = many + kind
    complex_types = {n for n, d in defs.items() if d["kind"] == "complex-type"}
    return {n: v for n, v in sorted(out.items()) if n.partition(".")[0] in complex_types or n.partition(".")[0] in hosted}


def targets(defs: dict[str, Json], hosted: list[str]) -> Json:
    """{type: {json key: [types that a Reference there may lead to]}}, of hosted types and what they are made of; those that may lead anywhere are left out. "*": all
    resource types of R4."""
    out: Json = {"*": sorted(n for n, d in defs.items() if d["kind"] == "resource" and not d.get("abstract"))}
    for definition in defs.values():
        for e in definition["snapshot"]["element"][1:]:
            parent, _, key = e["path"].rpartition(".")
            for t in e.get("type", []):
                leads = sorted({p.rpartition("/")[2] for p in t.get("targetProfile", [])})
                if t["code"] == "Reference" and leads and "Resource" not in leads:
                    out.setdefault(parent, {})[key.replace("[x]", "Reference")] = leads
    complex_types = {n for n, d in defs.items() if d["kind"] == "complex-type"}
    return {n: v for n, v in sorted(out.items()) if n == "*" or n.partition(".")[0] in complex_types or n.partition(".")[0] in hosted}


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
            return [{"path": ["extension", "value" + t[0].upper() + t[1:]], "type": t, "where": [1, "url", url]}
                    for url in (m.group(1), *([CALLED[m.group(1)]] if m.group(1) in CALLED else [])) for t in VALUES[kind]]
        if m := EXTENDED.fullmatch(expression):
            return [{"path": [m.group(1), "answer", "value" + m.group(3)], "type": m.group(3), "where": [1, "extension", m.group(2)]}]
        out = []
        for branch in expression.split("|"):
            text = branch.strip()
            out += self.branch(type_name, text if not re.fullmatch(r"[a-z]\w*", text) else f"{type_name}.{text}")
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
        if (not whole and steps[0] not in ("Resource", "DomainResource")) or not re.fullmatch(r"[\w.]+", text):
            return []
        found, owners = [([], type_name)], [type_name]
        for i, key in enumerate(steps[1:]):
            last = only if i == len(steps) - 2 else None
            found, owners = [([*path, k], t) for path, owner in found for k, t in self.step(owner, key, last)], [owner for _, owner in found]
        return [{"path": path, "type": t, "at": f"{owners[0]}.{steps[-1]}", **extra} for path, t in found]


def parameters(folder: Path, types: list[str], paths: Paths) -> Json:
    out: Json = {t: dict(META) for t in types}
    known = {p["url"]: p for p in load(folder, "SearchParameter") if "url" in p}
    for p in known.values():
        if p.get("type") not in KINDS or "base" not in p or p["code"].startswith("_") or p["id"].startswith("example") or p["id"] in UNSAID:
            continue  # an example is no definition, though it bears an official name
        for base in p["base"]:
            if base not in out:
                continue
            if p["type"] == "composite":
                if found := composite(base, p, known, paths):
                    out[base][p["code"]] = {"kind": "composite", "contexts": found}
            elif found := SPECIAL.get(p["id"]) or paths.expand(base, p["type"], p["expression"]):
                out[base][p["code"]] = {"kind": p["type"], "paths": found + TIMINGS.get(p["id"], []), **({"target": sorted(p["target"])} if p.get("target") else {})}
    return {t: dict(sorted(v.items())) for t, v in out.items()}


def composite(base: str, definition: Json, known: Json, paths: Paths) -> list[Json]:
    """[{path, single, parts: [{kind, paths, whole}]}]: single where the context occurs at most once, so that AND of the parts is exact;
    whole: a part that is not of the context but of the resource, where it occurs once."""
    out = []
    for context in definition["expression"].split("|"):
        steps = context.strip().split(".")
        if steps[0] != base:
            continue
        single = all(paths.elements[".".join(steps[: i + 1])]["max"] == "1" for i in range(1, len(steps)))
        parts = []
        for c in definition["component"]:
            given = SWAPPED.get(definition["id"], {}).get(c["expression"], c["expression"])
            owner, expression = (base, given.removeprefix("%resource.")) if given.startswith("%resource.") else (".".join(steps), given)
            before = steps[1:] if owner != base else []
            found = [x for b in expression.split("|") for x in paths.branch(owner, f"{owner}.{b.strip()}")]
            parts.append({"kind": known[c["definition"]]["type"], "paths": [{**paths.with_systems(x), "path": [*before, *x["path"]] if single else x["path"]} for x in found],
                          **({"whole": True} if owner == base and not single else {})})
        out.append({"path": steps[1:], "single": single, "parts": parts})
    return out


ARBITRARY = re.compile(r"\[(?:iU|IU|arb|USP|GPL|MPL|APL|beth|todd|dye|smgy|bdsk|ka'U|knk|mclg|tb'U|CCID|TCID|EID|PFU|FFU|CFU|BAU|AU|Amb|PNU|Lf|D'ag|FEU|ELU|EU|IR)[^\]]*\]")


def units(folder: Path) -> Json:
    """{UCUM code: [factor, offset, dimension]} of the codes of the value set ucum-common that have a size: value * factor + offset is the
    value in base units. Needs the package ucumvert. Arbitrary units (UCUM 24) have a dimension of their own."""
    from ucumvert import PintUcumRegistry

    registry, out = PintUcumRegistry(), {}
    for code in sorted({c["code"] for i in json.loads((folder / "ValueSet-ucum-common.json").read_text())["compose"]["include"] for c in i["concept"]}):
        try:
            unit = registry.from_ucum(code)
            if isinstance(unit, str):
                zero, one, dimension = 0.0, 1.0, ""
            else:
                zero, one = (registry.Quantity(float(n), getattr(unit, "units", unit)).to_base_units() for n in (0, 1))
                zero, one, dimension = zero.magnitude, one.magnitude, str(one.units)
        except Exception:  # noqa: S112
            continue  # logarithmic and similar units have no factor: they are compared as written
        out[code] = [float(f"{one - zero:.12g}"), float(f"{zero:.12g}"), "+".join([dimension.replace("dimensionless", ""), *ARBITRARY.findall(code)])]
    return out


def compartments(folder: Path, table: Json) -> Json:
    """{compartment: {type: [reference parameters that put a resource of the type into it]}}; "{def}" is the resource itself."""
    return {
        d["code"]: {r["code"]: [p for p in r["param"] if p == "{def}" or table[r["code"]].get(p, {}).get("kind") == "reference"]
                    for r in d["resource"] if r.get("param") and r["code"] in table}
        for d in load(folder, "CompartmentDefinition") if d["code"] in table and d["id"] != "example"
    }


def modifiers(defs: dict[str, Json], known: Json) -> Json:
    """{type: [paths of its elements that change the meaning of what they stand in]}: isModifier (FHIR R4 conformance-rules.html#isModifier), of the
    types of `known`: those hosted and the data types that they use."""
    return {name: found for name, d in sorted(defs.items()) if name in known and (found := [e["path"] for e in d["snapshot"]["element"] if e.get("isModifier")])}


def subject(type_name: str, table: Json, paths: Paths) -> list[str] | None:
    """The single element that names the patient whom a resource is about, or None."""
    for key in ("patient", "subject", "beneficiary", "individual"):
        element = paths.elements.get(f"{type_name}.{key}")
        if element and any(x.endswith("/Patient") for t in element.get("type", []) for x in t.get("targetProfile", [])):
            return [key]
    return None


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("r4", type=Path)
        parser.add_argument("r4b", type=Path)

    def handle(self, *args: Any, r4: Path, r4b: Path, **options: Any) -> None:
        ours, theirs = definitions(r4), definitions(r4b)
        hosted = [
            n for n, d in sorted(ours.items())
            if d["kind"] == "resource" and not d.get("abstract") and n not in NOT_HOSTED
            and n in theirs and signature(d) == signature(theirs[n])
        ]
        paths = Paths(ours, Terminology(r4))
        table = parameters(r4, hosted, paths)
        numbers = {n: t["number"] for n, t in json.loads((OUT / "types.json").read_text()).items() if "number" in t}
        types = {}
        for name in hosted:
            dated = [c for c in CLINICAL_DATE if table[name].get(c, {}).get("kind") == "date"]
            about = subject(name, table, paths)
            single = bool(about) and paths.elements[f"{name}.{about[0]}"]["max"] == "1"
            same = [c for c, p in table[name].items() if about and p["kind"] == "reference" and all(x["path"] == about for x in p["paths"])]
            summary = [e["path"].split(".")[1] for e in ours[name]["snapshot"]["element"] if e.get("isSummary") and e["path"].count(".") == 1]
            required = [e["path"].split(".")[1] for e in ours[name]["snapshot"]["element"] if e["min"] and e["path"].count(".") == 1]
            numbers.setdefault(name, 1 + max(numbers.values(), default=0))
            types[name] = {"number": numbers[name], "summary": summary, "required": required, "subject": about and about[0],
                           "subject_params": same if single else [], "date": dated[0] if dated else None}
        for file, data in (("types", types), ("elements", structure(ours, Terminology(r4))), ("parameters", table), ("units", units(r4)),
                           ("compartments", compartments(r4, table)), ("shapes", shapes(ours, hosted)), ("modifiers", modifiers(ours, shapes(ours, hosted))),
                           ("targets", targets(ours, hosted))):
            rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in data.items())
            (OUT / f"{file}.json").write_text("{\n" + rows + "\n}\n")
        self.stdout.write(f"{len(hosted)} types, {sum(map(len, table.values()))} search parameters")
