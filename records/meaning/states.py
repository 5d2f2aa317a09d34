"""TABLE resource type -> element -> code -> what the code says of the patient. One reading of each state for pages, print and summaries.

Source: FHIR R4 (4.0.1), the required value sets of the elements named; every element here is a modifier, or changes the meaning like one.
A code that is not in its row is shown as it was sent and counts as uncertain.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from records.meaning.sense import Mark, Sense, Word, combine
from records.meaning.values import text

C, U, P, O, F, N, V = Sense.CURRENT, Sense.UNCERTAIN, Sense.PAST, Sense.PROPOSED, Sense.FORBIDDEN, Sense.NEGATIVE, Sense.VOID  # noqa: E741

ERROR = Word(V, _("entered in error"), loud=True)
UNKNOWN = Word(U, _("status unknown"))
HOLD = Word(C, _("on hold"), loud=True)
UNSAID = Word(U, _("status not stated"))
REPORTS = {
    "final": Word(C), "registered": Word(U, _("registered, no result yet")), "partial": Word(U, _("partial report"), loud=True), "preliminary": Word(U, _("preliminary report"), loud=True),
    "amended": Word(C, _("amended report")), "corrected": Word(C, _("corrected report")), "appended": Word(C, _("supplemented report")),
    "cancelled": Word(V, _("cancelled"), loud=True), "entered-in-error": ERROR, "unknown": UNKNOWN,
}
VERIFICATION = {
    "confirmed": Word(C), "unconfirmed": Word(U, _("unconfirmed")), "provisional": Word(U, _("provisional diagnosis")), "differential": Word(U, _("differential diagnosis")),
    "refuted": Word(N, _("ruled out"), loud=True), "entered-in-error": ERROR,
}
DOCUMENTS = {
    "final": Word(C), "preliminary": Word(U, _("preliminary document"), loud=True), "amended": Word(C, _("amended document")), "entered-in-error": ERROR,
}
INTENTS = {
    "proposal": Word(O, _("proposal, not ordered"), loud=True), "plan": Word(O, _("plan, not ordered"), loud=True), "option": Word(O, _("option, not ordered"), loud=True),
    "order": Word(C), "original-order": Word(C), "reflex-order": Word(C), "filler-order": Word(C), "instance-order": Word(C),
}

STATES: dict[str, dict[str, dict[str, Word]]] = {
    "Condition": {
        "clinicalStatus": {
            "active": Word(C), "recurrence": Word(C, _("recurrence")), "relapse": Word(C, _("relapse")),
            "inactive": Word(P, _("inactive")), "remission": Word(P, _("in remission")), "resolved": Word(P, _("resolved")),
        },
        "verificationStatus": VERIFICATION,
    },
    "AllergyIntolerance": {
        "clinicalStatus": {"active": Word(C), "inactive": Word(P, _("no longer present")), "resolved": Word(P, _("tolerated again"))},
        "verificationStatus": {**VERIFICATION, "presumed": Word(U, _("presumed"))},
    },
    "Flag": {"status": {"active": Word(C), "inactive": Word(P, _("ended")), "entered-in-error": ERROR}},
    "MedicationRequest": {
        "status": {
            "active": Word(C), "on-hold": HOLD, "cancelled": Word(P, _("cancelled before use")), "completed": Word(P, _("completed")), "entered-in-error": ERROR,
            "stopped": Word(P, _("stopped"), loud=True), "draft": Word(O, _("draft, not ordered"), loud=True), "unknown": UNKNOWN,
        },
        "intent": INTENTS,
        "doNotPerform": {"true": Word(F, _("DO NOT GIVE"), loud=True), "false": Word(C)},
        "reportedBoolean": {"true": Word(C, _("reported, not ordered here")), "false": Word(C)},
    },
    "MedicationStatement": {
        "status": {
            "active": Word(C), "completed": Word(P, _("completed")), "entered-in-error": ERROR, "intended": Word(O, _("intended, not yet taken"), loud=True),
            "stopped": Word(P, _("stopped"), loud=True), "on-hold": HOLD, "unknown": UNKNOWN, "not-taken": Word(N, _("not taken"), loud=True),
        },
    },
    "Medication": {"status": {"active": Word(C), "inactive": Word(U, _("product no longer in use")), "entered-in-error": ERROR}},
    "Observation": {"status": REPORTS},
    "DiagnosticReport": {"status": REPORTS},
    "DocumentReference": {
        "status": {"current": Word(C), "superseded": Word(P, _("superseded by a newer document"), loud=True), "entered-in-error": ERROR},
        "docStatus": DOCUMENTS,
    },
    "Composition": {"status": DOCUMENTS},
    "Encounter": {
        "status": {
            "planned": Word(O, _("planned")), "arrived": Word(C, _("waiting")), "triaged": Word(C, _("triaged")), "in-progress": Word(C, _("in progress")), "onleave": Word(C, _("on leave")),
            "finished": Word(C), "cancelled": Word(N, _("cancelled, did not take place"), loud=True), "entered-in-error": ERROR, "unknown": UNKNOWN,
        },
    },
    "Procedure": {
        "status": {
            "preparation": Word(O, _("in preparation"), loud=True), "in-progress": Word(C, _("in progress")), "not-done": Word(N, _("NOT DONE"), loud=True), "on-hold": HOLD,
            "stopped": Word(C, _("broken off"), loud=True), "completed": Word(C), "entered-in-error": ERROR, "unknown": UNKNOWN,
        },
    },
    "Immunization": {
        "status": {"completed": Word(C), "entered-in-error": ERROR, "not-done": Word(N, _("NOT GIVEN"), loud=True)},
        "isSubpotent": {"true": Word(U, _("subpotent dose, may not protect"), loud=True), "false": Word(C)},
        "primarySource": {"true": Word(C), "false": Word(C, _("reported, not recorded by who gave it"))},
    },
    "DeviceUseStatement": {
        "status": {
            "active": Word(C), "completed": Word(P, _("no longer in use")), "entered-in-error": ERROR, "intended": Word(O, _("planned")), "stopped": Word(P, _("removed from use")), "on-hold": HOLD,
        },
    },
    "Device": {"status": {"active": Word(C), "inactive": Word(U, _("device inactive")), "entered-in-error": ERROR, "unknown": UNKNOWN}},
    "Patient": {"active": {"true": Word(C), "false": Word(P, _("registration closed"), loud=True)}},
}
# What it says where the element is not there; elements that are not named here may be missing without a word.
MISSING: dict[str, dict[str, Word]] = {
    "Condition": {"clinicalStatus": Word(C, _("not stated whether it is still present"))},
    **{t: {"status": UNSAID} for t in STATES if "status" in STATES[t] and t not in ("Medication", "Device")},
}
MISSING["MedicationRequest"]["intent"] = Word(U, _("not stated whether it was ordered"))

OVER = re.compile(r"愈|缓解|消失|消退|恢复|康复|结束|控制|resolved|remission|recovered|cured|healed|ended|gone|\d{4}")
LASTING = re.compile(r"未|不|无|没|尚|仍|待|持续|部分|好转|\b(?:not?|ongoing|still|persist\w*|continu\w*|never|partial\w*)\b|n't|unresolved|uncured")


def words_of(resource: dict[str, Any]) -> Iterator[Word]:
    """What each element of the table says in this resource."""
    kind = str(resource.get("resourceType"))
    for element, codes in STATES.get(kind, {}).items():
        value = resource.get(element)
        if value is None:
            if element in MISSING.get(kind, {}):
                yield MISSING[kind][element]
            continue
        found = [str(c.get("code")) for c in value.get("coding") or [] if c.get("code")] if isinstance(value, dict) else [str(value).lower() if isinstance(value, bool) else str(value)]
        known = [codes[c] for c in found if c in codes]
        yield from known
        if not known:
            yield Word(U, text(value) if isinstance(value, dict) else str(value), loud=True)


def ended(condition: dict[str, Any]) -> bool:
    """Whether its abatement says that it is over; one in words does only if they say so and deny nothing: 未愈 is no end."""
    words = condition.get("abatementString")
    if words is None:
        return any(k.startswith("abatement") for k in condition)
    return bool(OVER.search(str(words).casefold())) and not LASTING.search(str(words).casefold())


def judge(resource: dict[str, Any]) -> tuple[Sense, tuple[Mark, ...]]:
    """(what the resource says of the patient, the words that have to stand beside its name)."""
    words = list(words_of(resource))
    sense = combine(w.sense for w in words)
    if sense is Sense.CURRENT and resource.get("resourceType") == "Condition" and "clinicalStatus" not in resource and ended(resource):
        return Sense.PAST, tuple(Mark(str(w.text), w.loud) for w in words if w.text and w is not MISSING["Condition"]["clinicalStatus"])
    return sense, tuple(dict.fromkeys(Mark(str(w.text), w.loud) for w in words if w.text))
