"""The column set of orders and prescriptions 医嘱处方 (WS 445.4 西药处方; 445.14 住院医嘱). A row of a
medicine is a MedicationRequest; any other is a ServiceRequest (`SERVICE_ORDERS`).
"""

from __future__ import annotations

import re
from typing import Any

from .bindings import Pair, clean_code, element, quantity, reference
from .column_set import Both, ColumnSet, Resource, Site, Values
from .order_class import is_service
from .order_columns import ORDER_COLUMNS
from .order_parts import (
    NOTES,
    NUMBERS,
    ORDERED,
    PRESCRIPTION,
    STATE,
    find_term,
    group_of,
    make_term,
)
from .service_orders import SERVICE_ORDERS

DOSES = re.compile(r"共(\d+)剂")


def compile_medicine(site: Site) -> tuple[Any, Any]:
    """Name and strength as pharmacies print them: 阿莫西林胶囊 0.25g*24粒."""
    system = site.system("drug")

    def write(resource: Resource, values: Values) -> None:
        name, code, strength = values.get("medicine"), values.get("code"), values.get("strength")
        if name is None and code is None:
            return
        text = name or code
        coding = {"system": system, "code": code or clean_code(name or "")}
        if name:
            coding["display"] = name
        resource["medicationCodeableConcept"] = {
            "coding": [coding],
            "text": f"{text} {strength}" if strength else text,
        }

    def read(resource: Resource, values: Values) -> None:
        found = resource["medicationCodeableConcept"]
        coding = found["coding"][0]
        name = coding.get("display")
        if name is not None:
            values["medicine"] = name
        if coding["code"] != clean_code(name or ""):
            values["code"] = coding["code"]
        begins = len(name or coding["code"])
        if len(found["text"]) > begins:
            values["strength"] = found["text"][begins + 1 :]

    return write, read


def compile_note(site: Site) -> tuple[Any, Any]:
    def write(resource: Resource, values: Values) -> None:
        dosage: dict[str, Any] = resource.get("dosageInstruction", [{}])[0]
        if not dosage:
            return
        said = [
            values.get("route", ""),
            f"每次{values['dose']}{values.get('dose_unit', '')}" if "dose" in values else "",
            values.get("frequency", ""),
            values.get("decoction", ""),
            f"共{values['doses']}剂" if "doses" in values else "",
        ]
        if text := "，".join(x for x in said if x):
            dosage["text"] = text

    return write, lambda resource, values: None


def compile_herbs(site: Site) -> Pair:
    """How a herbal prescription is boiled, and how many packets it has."""

    def write(resource: Resource, values: Values) -> None:
        found: list[dict[str, Any]] = []
        if "decoction" in values:
            found.append({"text": values["decoction"]})
        if "doses" in values:
            found.append({"text": f"共{values['doses']}剂"})
        if found:
            dosage = resource.setdefault("dosageInstruction", [{}])[0]
            dosage["additionalInstruction"] = found

    def read(resource: Resource, values: Values) -> None:
        dosage = resource.get("dosageInstruction", [{}])[0]
        texts = [t["text"] for t in dosage.get("additionalInstruction", ())]
        if texts and (m := DOSES.fullmatch(texts[-1])):
            values["doses"] = int(m[1])
            texts.pop()
        if texts:
            values["decoction"] = texts[0]

    return write, read


def compile_term(site: Site) -> Pair:
    def write(resource: Resource, values: Values) -> None:
        if term := find_term(values):
            resource["courseOfTherapyType"] = make_term(term)

    def read(resource: Resource, values: Values) -> None:
        if "courseOfTherapyType" in resource:
            values["term"] = resource["courseOfTherapyType"]["coding"][0]["code"]

    return write, read


def compile_days(site: Site) -> Pair:
    def write(resource: Resource, values: Values) -> None:
        if "days" in values:
            resource.setdefault("dispenseRequest", {})["expectedSupplyDuration"] = {
                "value": values["days"],
                "unit": "天",
                "system": "http://unitsofmeasure.org",
                "code": "d",
            }

    def read(resource: Resource, values: Values) -> None:
        found = resource.get("dispenseRequest", {}).get("expectedSupplyDuration")
        if found:
            values["days"] = int(found["value"])

    return write, read


ORDERS = ColumnSet(
    name="order",
    zh="医嘱处方",
    en="Orders and prescriptions",
    type="MedicationRequest",
    columns=ORDER_COLUMNS,
    table=(
        NUMBERS,
        STATE,
        Both(("medicine", "code", "strength"), compile_medicine, ("medicationCodeableConcept",)),
        reference("patient", "subject", "Patient", "patient_name"),
        reference("visit", "encounter", "Encounter"),
        group_of("groupIdentifier", PRESCRIPTION),
        element("kind", "category[0].text"),
        Both(("term",), compile_term, ("courseOfTherapyType",)),
        element("urgency", "priority"),
        ORDERED,
        element("doctor", "requester.display"),
        quantity("dose", "dose_unit", "dosageInstruction[0].doseAndRate[0].doseQuantity"),
        element("frequency", "dosageInstruction[0].timing.code.text"),
        element("route", "dosageInstruction[0].route.text"),
        Both(
            ("decoction", "doses"), compile_herbs, ("dosageInstruction[0].additionalInstruction",)
        ),
        Both(
            ("dose", "dose_unit", "frequency", "route"),
            compile_note,
            ("dosageInstruction[0].text",),
        ),
        quantity("amount", "amount_unit", "dispenseRequest.quantity"),
        Both(("days",), compile_days, ("dispenseRequest.expectedSupplyDuration",)),
        element("begins", "dispenseRequest.validityPeriod.start"),
        element("ended", "dispenseRequest.validityPeriod.end"),
        element("performer", "dispenseRequest.performer.display"),
        NOTES,
    ),
    record=(
        ("record", "sub"),
        ("record",),
        ("prescription", "group", "code|medicine"),
        ("prescription", "code|medicine"),
        ("visit", "group", "ordered|begins", "code|medicine"),
        ("visit", "ordered|begins", "code|medicine"),
        ("patient", "group", "ordered|begins", "code|medicine"),
    ),
    day=("ordered", "begins"),
    one_of=(
        ("medicine", "code"),
        ("record", "prescription", "group", "visit"),
        ("ordered", "begins"),
    ),
    signs=("medicine", "strength", "dose", "frequency", "route", "amount", "kind", "term"),
    file_words=("医嘱", "处方", "用药", "order", "presc", "yz", "cf"),
    constants=(("status", "completed"), ("intent", "order")),
    measures=(("dose", "dose_unit"), ("amount", "amount_unit")),
    shared=(
        *("patient", "patient_name", "visit", "prescription", "group", "kind", "term", "frequency"),
        *(
            "route",
            "doses",
            "ordered",
            "begins",
            "ended",
            "state",
            "doctor",
            "performer",
            "urgency",
        ),
    ),
    other=SERVICE_ORDERS,
    is_other=is_service,
)
