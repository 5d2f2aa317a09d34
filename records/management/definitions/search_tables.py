"""Build the tables of search parameters and of compartments, and name the element of the
subject.
"""

from pathlib import Path

from records.management.definitions.package_files import Json, load_definitions
from records.management.definitions.search_expressions import Paths

KINDS = {
    "token",
    "string",
    "reference",
    "date",
    "uri",
    "number",
    "quantity",
    "composite",
    "special",
}

SPECIAL = {
    "Location-near": [{"path": ["position"], "type": "Location.position"}],
    "Patient-deceased": [{"path": ["deceased"], "type": "boolean", "truth": True}],
}

# Where a Timing says when, beside what the expression names: its bounds count as its events do
# (FHIR R4 search.html#date)
TIMINGS = {
    "medications-date": [{"path": ["dosageInstruction", "timing"], "type": "Timing"}],
    "DeviceRequest-event-date": [{"path": ["occurrenceTiming"], "type": "Timing"}],
}

# Official, but without an expression: nothing says what they mean
UNSAID = {"patient-extensions-Patient-age", "patient-extensions-Patient-birthOrderBoolean"}

# Parameters of every resource; what the others of this kind mean is not in the resource's elements.
META = {
    "_profile": {"kind": "uri", "paths": [{"path": ["meta", "profile"], "type": "canonical"}]},
    "_security": {"kind": "token", "paths": [{"path": ["meta", "security"], "type": "Coding"}]},
    "_source": {"kind": "uri", "paths": [{"path": ["meta", "source"], "type": "uri"}]},
    "_tag": {"kind": "token", "paths": [{"path": ["meta", "tag"], "type": "Coding"}]},
}

# Expressions that stand at each other's place in R4 (R5 has mended them)
SWAPPED = {"DocumentReference-relationship": {"code": "target", "target": "code"}}


def build_search_parameters(folder: Path, types: list[str], paths: Paths) -> Json:
    out: Json = {t: dict(META) for t in types}
    known = {p["url"]: p for p in load_definitions(folder, "SearchParameter") if "url" in p}
    for p in known.values():
        if (
            p.get("type") not in KINDS
            or "base" not in p
            or p["code"].startswith("_")
            or p["id"].startswith("example")
            or p["id"] in UNSAID
        ):
            continue  # an example is no definition, though it bears an official name
        for base in p["base"]:
            if base not in out:
                continue
            if p["type"] == "composite":
                if found := build_composite_rows(base, p, known, paths):
                    out[base][p["code"]] = {"kind": "composite", "contexts": found}
            elif found := SPECIAL.get(p["id"]) or paths.expand(base, p["type"], p["expression"]):
                out[base][p["code"]] = {
                    "kind": p["type"],
                    "paths": found + TIMINGS.get(p["id"], []),
                    **({"target": sorted(p["target"])} if p.get("target") else {}),
                }
    return {t: dict(sorted(v.items())) for t, v in out.items()}


def build_composite_rows(base: str, definition: Json, known: Json, paths: Paths) -> list[Json]:
    """[{path, single, parts: [{kind, paths, whole}]}]: single where the context occurs at most
    once, so that AND of the parts is exact; whole: a part that is not of the context but of the
    resource, where it occurs once.
    """
    out = []
    for context in definition["expression"].split("|"):
        steps = context.strip().split(".")
        if steps[0] != base:
            continue
        single = all(
            paths.elements[".".join(steps[: i + 1])]["max"] == "1" for i in range(1, len(steps))
        )
        parts = []
        for c in definition["component"]:
            given = SWAPPED.get(definition["id"], {}).get(c["expression"], c["expression"])
            owner, expression = (
                (base, given.removeprefix("%resource."))
                if given.startswith("%resource.")
                else (".".join(steps), given)
            )
            before = steps[1:] if owner != base else []
            found = [
                x
                for b in expression.split("|")
                for x in paths.branch(owner, f"{owner}.{b.strip()}")
            ]
            parts.append(
                {
                    "kind": known[c["definition"]]["type"],
                    "paths": [
                        {
                            **paths.with_systems(x),
                            "path": [*before, *x["path"]] if single else x["path"],
                        }
                        for x in found
                    ],
                    **({"whole": True} if owner == base and not single else {}),
                }
            )
        out.append({"path": steps[1:], "single": single, "parts": parts})
    return out


def build_compartment_table(folder: Path, table: Json) -> Json:
    """{compartment: {type: [reference parameters that put a resource of the type into it]}};
    "{def}" is the resource itself.
    """
    return {
        d["code"]: {
            r["code"]: [
                p
                for p in r["param"]
                if p == "{def}" or table[r["code"]].get(p, {}).get("kind") == "reference"
            ]
            for r in d["resource"]
            if r.get("param") and r["code"] in table
        }
        for d in load_definitions(folder, "CompartmentDefinition")
        if d["code"] in table and d["id"] != "example"
    }


def find_subject_parameters(type_name: str, table: Json, paths: Paths) -> list[str] | None:
    """The single element that names the patient whom a resource is about, or None."""
    for key in ("patient", "subject", "beneficiary", "individual"):
        element = paths.elements.get(f"{type_name}.{key}")
        if element and any(
            x.endswith("/Patient")
            for t in element.get("type", [])
            for x in t.get("targetProfile", [])
        ):
            return [key]
    return None
