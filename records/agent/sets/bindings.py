"""Bind columns to elements, both ways: the rows of which the table of a column set is made."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any, Callable, Tuple

from ..item import derive_fhir_id
from ..values.units import UCUM_SYSTEM, ucum_of
from .column_set import Both, Resource, Site, Values
from .element_path import compile_path, read_element, write_element

Write = Callable[[Resource, Values], None]
Pair = Tuple[Write, Write]


def fill_kinds(path: str, site: Site) -> str:
    """`{drug}` in a path is the system of the hospital's own codes of that kind."""
    if "{" not in path:
        return path
    head, _, rest = path.partition("{")
    kind, _, tail = rest.partition("}")
    return f"{head}{site.system(kind)}{fill_kinds(tail, site)}"


def element(column: str, path: str) -> Both:
    """The value as it is: text, code, date."""

    def compile_pair(site: Site) -> Pair:
        steps = compile_path(fill_kinds(path, site))

        def write(resource: Resource, values: Values) -> None:
            if column in values:
                write_element(resource, steps, values[column])

        def read(resource: Resource, values: Values) -> None:
            found = read_element(resource, steps)
            if found is not None:
                values[column] = found

        return write, read

    return Both((column,), compile_pair, (path,))


def coded(code: str, name: str, path: str, kind: str, standards: tuple[Any, ...] = ()) -> Both:
    """A CodeableConcept of a code and its name, either of which may be missing: the hospital's own
    coding, a standard one beside it where the code's shape tells (standards: system and test), and
    the name as text.
    """

    def compile_pair(site: Site) -> Pair:
        steps = compile_path(path)
        system = site.system(kind)

        def write(resource: Resource, values: Values) -> None:
            own, said = values.get(code), values.get(name)
            if own is None and said is None:
                return
            coding = {"system": system, "code": own or clean_code(said or "")}
            if said:
                coding["display"] = said
            codings = [coding]
            for standard, test in standards:
                if own and (found := test(own)):
                    codings.append({"system": standard, "code": found})
            write_element(resource, steps, {"coding": codings, "text": said or own})

        def read(resource: Resource, values: Values) -> None:
            found = read_element(resource, steps) or {}
            for coding in found.get("coding", ()):
                if coding.get("system") == system:
                    said = coding.get("display")
                    if said is not None:
                        values[name] = said
                    if coding["code"] != clean_code(said or ""):
                        values[code] = coding["code"]

        return write, read

    return Both((code, name) if code else (name,), compile_pair, (path,))


def clean_code(text: str) -> str:
    """As FHIR's code: no blanks at its ends, nor two in a row."""
    return " ".join(text.split())


def reference(column: str, path: str, type_name: str, display: str = "") -> Both:
    """To a record of the same source. The number is kept where it cannot be told from the id."""

    def compile_pair(site: Site) -> Pair:
        steps = compile_path(path)
        prefix = f"{type_name}/{site.source}-"

        def write(resource: Resource, values: Values) -> None:
            record = values.get(column)
            if record is None:
                return
            target = f"{type_name}/{derive_fhir_id(site.source, record)}"
            made: dict[str, Any] = {"reference": target}
            if target != prefix + record:
                made["identifier"] = {"system": site.system(type_name.lower()), "value": record}
            if display and values.get(display):
                made["display"] = values[display]
            write_element(resource, steps, made)

        def read(resource: Resource, values: Values) -> None:
            found = read_element(resource, steps)
            if not found:
                return
            values[column] = (
                found.get("identifier", {}).get("value") or found["reference"][len(prefix) :]
            )
            if display and "display" in found:
                values[display] = found["display"]

        return write, read

    return Both((column, display) if display else (column,), compile_pair, (path,))


def quantity(value: str, unit: str, path: str) -> Both:
    """A number and its unit, which may be missing."""

    def compile_pair(site: Site) -> Pair:
        steps = compile_path(path)

        def write(resource: Resource, values: Values) -> None:
            if value in values:
                write_element(resource, steps, make_quantity(values[value], values.get(unit, "")))

        def read(resource: Resource, values: Values) -> None:
            found = read_element(resource, steps)
            if found:
                values[value] = found["value"]
                if "unit" in found:
                    values[unit] = found["unit"]

        return write, read

    return Both((value, unit), compile_pair, (path,))


def make_quantity(number: Decimal, unit: str, comparator: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"value": number}
    if comparator:
        made["comparator"] = comparator
    if unit:
        made["unit"] = unit
        if code := ucum_of(unit):
            made["system"], made["code"] = UCUM_SYSTEM, code
    return made


def listed(column: str, path: str, key: str, fixed: dict[str, Any] | None = None) -> Both:
    """Several values of a cell, a member of the list each."""

    def compile_pair(site: Site) -> Pair:
        steps = compile_path(path)

        def write(resource: Resource, values: Values) -> None:
            if values.get(column):
                members = [dict(fixed or {}, **{key: value}) for value in values[column]]
                write_element(resource, steps, members)

        def read(resource: Resource, values: Values) -> None:
            found = read_element(resource, steps)
            if found:
                values[column] = [m[key] for m in found]

        return write, read

    return Both((column,), compile_pair, (path,))


def identifier(column: str, system: str, type_code: str) -> Both:
    """An identifier with its type (HL7 v2 table 0203)."""

    def compile_pair(site: Site) -> Pair:
        wanted = fill_kinds(system, site)
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": type_code}

        def write(resource: Resource, values: Values) -> None:
            if column in values:
                made: dict[str, Any] = {"system": wanted, "value": values[column]}
                if type_code:
                    made["type"] = {"coding": [dict(coding)]}
                resource.setdefault("identifier", []).append(made)

        def read(resource: Resource, values: Values) -> None:
            for found in resource.get("identifier", ()):
                if found.get("system") == wanted:
                    values[column] = found["value"]

        return write, read

    return Both((column,), compile_pair, (f"identifier[{system}]",))


def plain_text(column: str, title: str) -> Both:
    """Long text as an attachment: what was seen, which FHIR has no element for."""

    def compile_pair(site: Site) -> Pair:
        def write(resource: Resource, values: Values) -> None:
            if column in values:
                made = {
                    "contentType": "text/plain; charset=utf-8",
                    "language": "zh-CN",
                    "title": title,
                    "data": base64.b64encode(values[column].encode()).decode(),
                }
                resource.setdefault("presentedForm", []).append(made)

        def read(resource: Resource, values: Values) -> None:
            for form in resource.get("presentedForm", ()):
                if form.get("title") == title:
                    values[column] = base64.b64decode(form["data"]).decode()

        return write, read

    return Both((column,), compile_pair, (f"presentedForm[title={title}].data",))
