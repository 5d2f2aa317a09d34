"""A MedicationRequest or MedicationStatement: which medicine, ordered or not, given or
forbidden, and the whole of its dosage.
"""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from records.meaning.absence import Presence, presence_of_thing
from records.meaning.dosage import describe_doses
from records.meaning.phrase import (
    Json,
    choice_element,
    list_words,
    read_annotations,
    say_reference,
    say_value,
)
from records.meaning.resource_facts import CODES
from records.meaning.sense import HOLDS, ReadingMark, ResourceReading, Sense, combine_senses
from records.meaning.states import judge_state
from records.meaning.times import say_period
from records.meaning.value_text import concept_text, first_code


def read_medicine(r: Json) -> ResourceReading:
    """FORBIDDEN: it must not be given; PROPOSED: nobody has ordered it. Neither is a medicine
    that the patient takes. A mark says what became of the product's own entry.
    """
    sense, marks = judge_state(r)
    product = contained_medication(r)
    if product:
        inner, more = judge_state(product)
        if inner is not Sense.VOID:  # the product's entry was taken back, not the order
            sense = combine_senses((sense, inner))
        label = _("product") + _(": ")
        marks = (*marks, *(ReadingMark(f"{label}{m.text}", m.loud) for m in more))
    if sense is Sense.PAST and r.get("doNotPerform") is True:
        marks = tuple(ReadingMark(m.text, loud=False) for m in marks)
    contained = r.get("contained") or []
    code = r.get("medicationCodeableConcept") or (product or {}).get("code") or {}
    said = presence_of_thing("medicine", code)
    if sense in HOLDS and said is not Presence.PRESENT:
        sense = Sense.UNASKED if said is Presence.UNASKED else Sense.NEGATIVE
    return ResourceReading(
        medicine_name(r, product),
        sense,
        tuple(dict.fromkeys(marks)),
        (
            *describe_doses(r.get("dosageInstruction") or r.get("dosage") or [], contained),
            *list_medicine_facts(r),
        ),
        read_annotations(r.get("note")),
        code=first_code(code),
    )


def contained_medication(r: Json) -> Json | None:
    """The Medication that the resource itself contains, if its reference names one."""
    target = str((r.get("medicationReference") or {}).get("reference") or "")
    return (
        next((c for c in r.get("contained") or [] if target == f"#{c.get('id')}"), None)
        if target.startswith("#")
        else None
    )


def medicine_name(r: Json, product: Json | None) -> str:
    """Never empty: a medicine that is only referred to is said to be described elsewhere."""
    link = r.get("medicationReference") or {}
    name = concept_text(r.get("medicationCodeableConcept")) or str(link.get("display") or "")
    if not name and product:
        name = concept_text(product.get("code")) or list_words(
            ingredient_words(i, r) for i in product.get("ingredient") or []
        )
    if name:
        return name
    where = say_reference(link)
    return str(
        _("a medicine that is described elsewhere (%s)") % where
        if where
        else _("medicine not named")
    )


def ingredient_words(i: Json, r: Json) -> str:
    key, item = choice_element(i, "item")
    return say_value(item, key, r.get("contained") or []) if item else ""


def list_medicine_facts(r: Json) -> Iterator[str]:
    """Why, since when, how long, as told by whom."""
    reasons = concept_text(r.get("statusReason"))
    if reasons:
        yield _("reason: %s") % reasons
    if r.get("reasonCode"):
        yield (
            _("because of: %s") if r.get("doNotPerform") is True else _("for: %s")
        ) % concept_text(r["reasonCode"])
    if priority := str(CODES.get(str(r.get("priority") or "routine"), r.get("priority"))):
        yield priority
    if term := concept_text(r.get("courseOfTherapyType")):
        yield term
    if group := say_group(r.get("groupIdentifier") or {}):
        yield group
    if "effectivePeriod" in r:
        yield say_period(r["effectivePeriod"])
    if valid := (r.get("dispenseRequest") or {}).get("validityPeriod"):
        yield _("valid: %s") % say_period(valid)
    if (r.get("substitution") or {}).get("allowedBoolean") is False:
        yield _("not to be substituted")
    for key in ("reportedReference", "informationSource"):
        if r.get(key) and (who := say_reference(r[key], r.get("contained") or [])):
            yield _("as told by %s") % who


def say_group(number: Json) -> str:
    """Of orders that are given together, as one infusion is; that of a prescription says nothing to
    a reader.
    """
    grouped = str(number.get("system") or "").endswith(":order-group")
    return str(_("given together: group %s") % number["value"]) if grouped else ""


def medication_address(r: Json) -> str:
    """The Medication that a resource refers to and does not contain, as Type/id; "" where there
    is none.
    """
    parts = (
        str((r.get("medicationReference") or {}).get("reference") or "")
        .partition("/_history/")[0]
        .split("/")
    )
    return f"Medication/{parts[-1]}" if len(parts) > 1 and parts[-2] == "Medication" else ""


def join_medication(r: Json, products: Mapping[str, Json]) -> Json:
    """The resource as if it contained the Medication that it refers to, where that is among the
    products (by Type/id): its state and modifiers then count.
    """
    target = medication_address(r)
    if target not in products:
        return r
    return r | {
        "contained": [*(r.get("contained") or []), products[target] | {"id": target}],
        "medicationReference": r["medicationReference"] | {"reference": f"#{target}"},
    }


def separate_medication(r: Json) -> Json:
    """The resource as it was before join_medication. A reference to a Medication of a store is then
    the relative one, however it was sent.
    """
    said = str((r.get("medicationReference") or {}).get("reference") or "")
    target = said.removeprefix("#") if said.startswith("#Medication/") else medication_address(r)
    if not target:
        return r
    inside = [c for c in r.get("contained") or [] if c.get("id") != target]
    apart = {k: v for k, v in r.items() if k != "contained"} | (
        {"contained": inside} if inside else {}
    )
    return apart | {"medicationReference": r["medicationReference"] | {"reference": target}}
