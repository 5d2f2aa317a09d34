"""Build the tables of elements: required codes and primitive forms, shapes, reference targets,
modifier elements.
"""

from records.management.definitions.package_files import Json
from records.management.definitions.package_terminology import Terminology

# JSON forms of primitive types (FHIR R4 json.html#primitive) that a lenient parser would take in
# another form
FORMS = {
    "boolean": "boolean",
    "integer": "integer",
    "positiveInt": "integer",
    "unsignedInt": "integer",
    "decimal": "decimal",
    "date": "string",
    "dateTime": "string",
    "instant": "string",
    "time": "string",
    "url": "address",
}


def build_element_rules(defs: dict[str, Json], terms: Terminology) -> Json:
    """{type: {json key: {"codes": [...]} | {"form": name} | {"type": name}}}, cut down to
    elements that lead to a code or a form.

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
        more = {
            n for n, keys in nodes.items() if any(v.get("type") in useful for v in keys.values())
        } - useful
        if not more:
            break
        useful |= more
    return {
        n: {k: v for k, v in keys.items() if "type" not in v or v["type"] in useful}
        for n, keys in sorted(nodes.items())
        if n in useful
    }


def build_element_shapes(defs: dict[str, Json], hosted: list[str]) -> Json:
    """{type: {json key: type of the value, with * before it where it repeats}}, of hosted types
    and what they are made of. "!": the keys that must be there; "?": [[must one be there, the keys
    of one choice], …].
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
                out.setdefault(parent, {})[key.replace("[x]", code[0].upper() + code[1:])] = (
                    many + kind
                )
    complex_types = {n for n, d in defs.items() if d["kind"] == "complex-type"}
    return {
        n: v
        for n, v in sorted(out.items())
        if n.partition(".")[0] in complex_types or n.partition(".")[0] in hosted
    }


def build_reference_targets(defs: dict[str, Json], hosted: list[str]) -> Json:
    """{type: {json key: [types that a Reference there may lead to]}}, of hosted types and what
    they are made of; those that may lead anywhere are left out. "*": all resource types of R4.
    """
    out: Json = {
        "*": sorted(n for n, d in defs.items() if d["kind"] == "resource" and not d.get("abstract"))
    }
    for definition in defs.values():
        for e in definition["snapshot"]["element"][1:]:
            parent, _, key = e["path"].rpartition(".")
            for t in e.get("type", []):
                leads = sorted({p.rpartition("/")[2] for p in t.get("targetProfile", [])})
                if t["code"] == "Reference" and leads and "Resource" not in leads:
                    out.setdefault(parent, {})[key.replace("[x]", "Reference")] = leads
    complex_types = {n for n, d in defs.items() if d["kind"] == "complex-type"}
    return {
        n: v
        for n, v in sorted(out.items())
        if n == "*" or n.partition(".")[0] in complex_types or n.partition(".")[0] in hosted
    }


def find_modifier_elements(defs: dict[str, Json], known: Json) -> Json:
    """{type: [paths of its elements that change the meaning of what they stand in]}: isModifier
    (FHIR R4 conformance-rules.html#isModifier), of the types of `known`: those hosted and the data
    types that they use.
    """
    return {
        name: found
        for name, d in sorted(defs.items())
        if name in known
        and (found := [e["path"] for e in d["snapshot"]["element"] if e.get("isModifier")])
    }
