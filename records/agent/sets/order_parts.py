"""Bind what medicines and other orders share: numbers, group, term, doctor, notes."""

from __future__ import annotations

from typing import Any, Dict

from .bindings import Pair, fill_kinds
from .column_set import Both, Resource, Site, Values

PRESCRIPTION = "urn:oid:2.16.156.10011.1.20"
SUB_NUMBER = "urn:xinglin:extension:order-sub-number"
GROUP = "urn:xinglin:extension:order-group"
TERM = "urn:xinglin:codesystem:order-term"
TERM_WORDS = {
    "long": "长期医嘱",
    "temporary": "临时医嘱",
    "discharge": "出院带药",
    "standby": "备用医嘱",
}
SKIN_TEST = "皮试结果："
Json = Dict[str, Any]


def find_extension(resource: Resource, url: str) -> Json | None:
    return next((e for e in resource.get("extension", ()) if e.get("url") == url), None)


def compile_numbers(site: Site) -> Pair:
    """An order's number; orders of a group that share one have a further number each."""
    system = site.system("order")

    def write(resource: Resource, values: Values) -> None:
        record, sub = values.get("record"), values.get("sub")
        if sub is not None:
            resource.setdefault("extension", []).append({"url": SUB_NUMBER, "valueString": sub})
        if record is not None:
            number = record if sub is None else f"{record}/{sub}"
            resource["identifier"] = [{"system": system, "value": number}]

    def read(resource: Resource, values: Values) -> None:
        found = find_extension(resource, SUB_NUMBER)
        if found:
            values["sub"] = found["valueString"]
        for number in resource.get("identifier", ()):
            if number.get("system") == system:
                end = len(number["value"]) - (len(values["sub"]) + 1 if found else 0)
                values["record"] = number["value"][:end]

    return write, read


def group_of(element: str, number_system: str) -> Both:
    """The number that a prescription or form gives to its orders stands in `element`; that of a
    group does where there is no other, and beside it where there is.
    """

    def compile_pair(site: Site) -> Pair:
        systems = fill_kinds(number_system, site), site.system("order-group")

        def write(resource: Resource, values: Values) -> None:
            number, group = values.get("prescription"), values.get("group")
            if number is not None:
                resource[element] = {"system": systems[0], "value": number}
            elif group is not None:
                resource[element] = {"system": systems[1], "value": group}
            if number is not None and group is not None:
                made = {"url": GROUP, "valueIdentifier": {"system": systems[1], "value": group}}
                resource.setdefault("extension", []).append(made)

        def read(resource: Resource, values: Values) -> None:
            found = resource.get(element)
            if found:
                name = "group" if found["system"] == systems[1] else "prescription"
                values[name] = found["value"]
            if beside := find_extension(resource, GROUP):
                values["group"] = beside["valueIdentifier"]["value"]

        return write, read

    return Both(("prescription", "group"), compile_pair, (element, f"extension[url={GROUP}]"))


def make_term(term: str) -> Json:
    return {
        "coding": [{"system": TERM, "code": term, "display": TERM_WORDS[term]}],
        "text": TERM_WORDS[term],
    }


def is_term(concept: Json) -> bool:
    return any(c.get("system") == TERM for c in concept.get("coding", ()))


def find_term(values: Values) -> str:
    """Of its own column; of the class, for hospitals whose class of an order is 长期 or 临时."""
    if "term" in values:
        return str(values["term"])
    kind = values.get("kind", "")
    return "long" if "长期" in kind else "temporary" if "临时" in kind else ""


def compile_state(site: Site) -> Pair:
    """A long order that nobody has stopped is active; else what is not told is done."""

    def write(resource: Resource, values: Values) -> None:
        state = values.get("state")
        if state is None and find_term(values) == "long" and "ended" not in values:
            state = "active"
        if state is not None:
            resource["status"] = state

    def read(resource: Resource, values: Values) -> None:
        values["state"] = resource["status"]

    return write, read


def compile_ordered(site: Site) -> Pair:
    """When it was ordered; where only its beginning is told, then."""

    def write(resource: Resource, values: Values) -> None:
        if ordered := values.get("ordered") or values.get("begins"):
            resource["authoredOn"] = ordered

    def read(resource: Resource, values: Values) -> None:
        if "authoredOn" in resource:
            values["ordered"] = resource["authoredOn"]

    return write, read


def compile_notes(site: Site) -> Pair:
    """The note, and the result of the skin test behind it: nothing is made of that but words."""

    def write(resource: Resource, values: Values) -> None:
        notes: list[Json] = []
        if "note" in values:
            notes.append({"text": values["note"]})
        if "skin_test" in values:
            notes.append({"text": f"{SKIN_TEST}{values['skin_test']}"})
        if notes:
            resource["note"] = notes

    def read(resource: Resource, values: Values) -> None:
        texts = [n["text"] for n in resource.get("note", ())]
        if texts and texts[-1].startswith(SKIN_TEST):
            values["skin_test"] = texts.pop()[len(SKIN_TEST) :]
        if texts:
            values["note"] = texts[0]

    return write, read


NUMBERS = Both(("record", "sub"), compile_numbers, ("identifier[{order}]",))
NOTES = Both(("note", "skin_test"), compile_notes, ("note",))
ORDERED = Both(("ordered", "begins"), compile_ordered, ("authoredOn",))
STATE = Both(("state", "term", "ended"), compile_state, ("status",))
