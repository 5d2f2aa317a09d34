"""Orders that are no medicines: laboratory, examination, treatment, nursing, diet, surgery. The
same rows as medicines, made into ServiceRequest; what it has no element for stays as text.
"""

from __future__ import annotations

import re
from typing import Any

from ..values.numbers import parse_decimal
from .bindings import Pair, clean_code, element, quantity, reference
from .column_set import Both, ColumnSet, Resource, Site, Values
from .order_class import MEDICINE, class_of_order
from .order_columns import ORDER_COLUMNS
from .order_parts import (
    NOTES,
    NUMBERS,
    ORDERED,
    TERM_WORDS,
    compile_state,
    find_extension,
    find_term,
    group_of,
    is_term,
    make_term,
)

STATE_EXTENSION = "urn:xinglin:extension:order-state"
REVOKED = ("stopped", "cancelled")  # of a medicine; a service has one word for both
SYSTEMS = {"laboratory": "laboratory", "examination": "examination"}  # else procedure
TERM_ALONE = re.compile("(长期|临时)(医嘱)?")  # a class that tells the term and nothing else
DETAILS = (  # column, what stands before it
    ("strength", "规格："),
    ("dose", "每次量："),
    ("dose_unit", "量的单位："),
    ("route", "用法："),
    ("days", "天数："),
    ("doses", "剂数："),
    ("decoction", "煎法："),
)


def compile_code(site: Site) -> Pair:
    """In the hospital's own codes of tests, of examinations or of what is done."""
    systems = [site.system(kind) for kind in ("laboratory", "examination", "procedure")]

    def write(resource: Resource, values: Values) -> None:
        name, code = values.get("medicine"), values.get("code")
        if name is None and code is None:
            return
        kind = SYSTEMS.get(class_of_order(values), "procedure")
        coding = {"system": site.system(kind), "code": code or clean_code(name or "")}
        if name:
            coding["display"] = name
        resource["code"] = {"coding": [coding], "text": name or code}

    def read(resource: Resource, values: Values) -> None:
        for coding in resource.get("code", {}).get("coding", ()):
            if coding.get("system") in systems:
                if "display" in coding:
                    values["medicine"] = coding["display"]
                if coding["code"] != clean_code(coding.get("display", "")):
                    values["code"] = coding["code"]

    return write, read


def compile_category(site: Site) -> Pair:
    """The class in the hospital's words with ours beside them, and the term."""
    system = "urn:xinglin:codesystem:order-class"

    def write(resource: Resource, values: Values) -> None:
        found = []
        term = find_term(values)
        kind = values.get("kind", "")
        alone = TERM_ALONE.fullmatch(kind) and term and TERM_WORDS[term].startswith(kind[:2])
        if kind and not alone:
            made: dict[str, Any] = {"text": values["kind"]}
            if (known := class_of_order(values)) and known != MEDICINE:
                made["coding"] = [{"system": system, "code": known}]
            found.append(made)
        if term:
            found.append(make_term(term))
        if found:
            resource["category"] = found

    def read(resource: Resource, values: Values) -> None:
        for category in resource.get("category", ()):
            if is_term(category):
                values["term"] = category["coding"][0]["code"]
            else:
                values["kind"] = category["text"]
        if values.get("term") in ("long", "temporary"):  # else it might pass for a medicine
            values.setdefault("kind", TERM_WORDS[values["term"]])

    return write, read


def compile_service_state(site: Site) -> Pair:
    write_plain, _ = compile_state(site)

    def write(resource: Resource, values: Values) -> None:
        write_plain(resource, values)
        state = resource["status"]
        if state in REVOKED:
            resource["status"] = "revoked"
            resource.setdefault("extension", []).append(
                {"url": STATE_EXTENSION, "valueCode": state}
            )

    def read(resource: Resource, values: Values) -> None:
        found = find_extension(resource, STATE_EXTENSION)
        values["state"] = found["valueCode"] if found else resource["status"]

    return write, read


def compile_occurrence(site: Site) -> Pair:
    """From when to when, and how often."""

    def write(resource: Resource, values: Values) -> None:
        begins, ended, often = (values.get(n) for n in ("begins", "ended", "frequency"))
        period = {k: v for k, v in (("start", begins), ("end", ended)) if v}
        if often:
            timing: dict[str, Any] = {"code": {"text": often}}
            if period:
                timing["repeat"] = {"boundsPeriod": period}
            resource["occurrenceTiming"] = timing
        elif ended:
            resource["occurrencePeriod"] = period
        elif begins:
            resource["occurrenceDateTime"] = begins

    def read(resource: Resource, values: Values) -> None:
        timing = resource.get("occurrenceTiming", {})
        period = resource.get("occurrencePeriod") or timing.get("repeat", {}).get(
            "boundsPeriod", {}
        )
        begins = period.get("start") or resource.get("occurrenceDateTime")
        found = (
            ("begins", begins),
            ("ended", period.get("end")),
            ("frequency", timing.get("code", {}).get("text")),
        )
        values.update({name: value for name, value in found if value})

    return write, read


def compile_details(site: Site) -> Pair:
    def write(resource: Resource, values: Values) -> None:
        found = [{"text": f"{word}{values[n]}"} for n, word in DETAILS if n in values]
        if found:
            resource["orderDetail"] = found

    def read(resource: Resource, values: Values) -> None:
        for detail in resource.get("orderDetail", ()):
            for name, word in DETAILS:
                if name not in values and detail["text"].startswith(word):
                    text = detail["text"][len(word) :]
                    values[name] = (
                        parse_decimal(text)
                        if name == "dose"
                        else int(text)
                        if name in ("days", "doses")
                        else text
                    )
                    break

    return write, read


SERVICE_ORDERS = ColumnSet(
    name="service-order",
    zh="非药品医嘱",
    en="Orders that are no medicines",
    type="ServiceRequest",
    columns=ORDER_COLUMNS,
    table=(
        NUMBERS,
        Both(("state", "term", "ended"), compile_service_state, ("status",)),
        Both(("kind", "term"), compile_category, ("category",)),
        element("urgency", "priority"),
        Both(("medicine", "code"), compile_code, ("code",)),
        Both(tuple(n for n, _ in DETAILS), compile_details, ("orderDetail",)),
        quantity("amount", "amount_unit", "quantityQuantity"),
        reference("patient", "subject", "Patient", "patient_name"),
        reference("visit", "encounter", "Encounter"),
        Both(("begins", "ended", "frequency"), compile_occurrence, ("occurrence[x]",)),
        ORDERED,
        element("doctor", "requester.display"),
        element("performer", "performer[0].display"),
        group_of("requisition", "{requisition}"),
        NOTES,
    ),
    record=(("record",),),  # the set of orders says it
    day=("ordered", "begins"),
    constants=(("status", "completed"), ("intent", "order")),
)
