"""A MedicationRequest or MedicationStatement: which medicine, ordered or not, given or forbidden, and the whole of its dosage."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from records.meaning.absence import Said, thing_says
from records.meaning.dosage import doses
from records.meaning.facts import CODES
from records.meaning.phrase import Json, chosen, list_words, notes, reference, say
from records.meaning.sense import HOLDS, Mark, Reading, Sense, combine
from records.meaning.states import judge
from records.meaning.times import say_period
from records.meaning.values import first_code, text


def read_medicine(r: Json) -> Reading:
    """FORBIDDEN: it must not be given; PROPOSED: nobody has ordered it. Neither is a medicine that the patient takes. A mark says what became of the
    product's own entry."""
    sense, marks = judge(r)
    product = held(r)
    if product:
        inner, more = judge(product)
        if inner is not Sense.VOID:  # the product's entry was taken back, not the order
            sense = combine((sense, inner))
        marks = (*marks, *(Mark(f"{_('product')}{_(': ')}{m.text}", m.loud) for m in more))
    if sense is Sense.PAST and r.get("doNotPerform") is True:
        marks = tuple(Mark(m.text, loud=False) for m in marks)
    contained = r.get("contained") or []
    code = r.get("medicationCodeableConcept") or (product or {}).get("code") or {}
    said = thing_says("medicine", code)
    if sense in HOLDS and said is not Said.PRESENT:
        sense = Sense.UNASKED if said is Said.UNASKED else Sense.NEGATIVE
    return Reading(
        named(r, product), sense, tuple(dict.fromkeys(marks)), (*doses(r.get("dosageInstruction") or r.get("dosage") or [], contained), *facts(r)), notes(r.get("note")),
        code=first_code(code))


def held(r: Json) -> Json | None:
    """The Medication that the resource itself contains, if its reference names one."""
    target = str((r.get("medicationReference") or {}).get("reference") or "")
    return next((c for c in r.get("contained") or [] if target == f"#{c.get('id')}"), None) if target.startswith("#") else None


def named(r: Json, product: Json | None) -> str:
    """Never empty: a medicine that is only referred to is said to be described elsewhere."""
    link = r.get("medicationReference") or {}
    name = text(r.get("medicationCodeableConcept")) or str(link.get("display") or "")
    if not name and product:
        name = text(product.get("code")) or list_words(ingredient(i, r) for i in product.get("ingredient") or [])
    if name:
        return name
    where = reference(link)
    return str(_("a medicine that is described elsewhere (%s)") % where if where else _("medicine not named"))


def ingredient(i: Json, r: Json) -> str:
    key, item = chosen(i, "item")
    return say(item, key, r.get("contained") or []) if item else ""


def facts(r: Json) -> Iterator[str]:
    """Why, since when, how long, as told by whom."""
    reasons = text(r.get("statusReason"))
    if reasons:
        yield _("reason: %s") % reasons
    if r.get("reasonCode"):
        yield (_("because of: %s") if r.get("doNotPerform") is True else _("for: %s")) % text(r["reasonCode"])
    if priority := str(CODES.get(str(r.get("priority") or "routine"), r.get("priority"))):
        yield priority
    if "effectivePeriod" in r:
        yield say_period(r["effectivePeriod"])
    if valid := (r.get("dispenseRequest") or {}).get("validityPeriod"):
        yield _("valid: %s") % say_period(valid)
    if (r.get("substitution") or {}).get("allowedBoolean") is False:
        yield _("not to be substituted")
    for key in ("reportedReference", "informationSource"):
        if r.get(key) and (who := reference(r[key], r.get("contained") or [])):
            yield _("as told by %s") % who


def product_of(r: Json) -> str:
    """The Medication that a resource refers to and does not contain, as Type/id; "" where there is none."""
    parts = str((r.get("medicationReference") or {}).get("reference") or "").partition("/_history/")[0].split("/")
    return f"Medication/{parts[-1]}" if len(parts) > 1 and parts[-2] == "Medication" else ""


def joined(r: Json, products: Mapping[str, Json]) -> Json:
    """The resource as if it contained the Medication that it refers to, where that is among the products (by Type/id): its state and modifiers then count."""
    target = product_of(r)
    if target not in products:
        return r
    return r | {"contained": [*(r.get("contained") or []), products[target] | {"id": target}], "medicationReference": r["medicationReference"] | {"reference": f"#{target}"}}
