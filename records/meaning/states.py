"""TABLE resource type -> element -> code -> what the code says of the patient. One reading of
each state for pages, print and summaries.

Source: FHIR R4 (4.0.1), the required value sets of the elements named; every element here is a
modifier, or changes the meaning like one. A code that is not in its row is shown as it was sent and
counts as uncertain.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from records.meaning.sense import ReadingMark, Sense, StateWord, combine_senses
from records.meaning.value_text import concept_text

C, U, P, O, F, N, A, V = (  # noqa: E741
    Sense.CURRENT,
    Sense.UNCERTAIN,
    Sense.PAST,
    Sense.PROPOSED,
    Sense.FORBIDDEN,
    Sense.NEGATIVE,
    Sense.UNASKED,
    Sense.VOID,
)

ERROR = StateWord(V, _("entered in error"), loud=True)
UNKNOWN = StateWord(U, _("status unknown"))
HOLD = StateWord(C, _("on hold"), loud=True)
UNSAID = StateWord(U, _("status not stated"))
REPORTS = {
    "final": StateWord(C),
    "registered": StateWord(U, _("registered, no result yet")),
    "partial": StateWord(U, _("partial report"), loud=True),
    "preliminary": StateWord(U, _("preliminary report"), loud=True),
    "amended": StateWord(C, _("amended report")),
    "corrected": StateWord(C, _("corrected report")),
    "appended": StateWord(C, _("supplemented report")),
    "cancelled": StateWord(V, _("cancelled"), loud=True),
    "entered-in-error": ERROR,
    "unknown": UNKNOWN,
}
VERIFICATION = {
    "confirmed": StateWord(C),
    "unconfirmed": StateWord(U, _("unconfirmed")),
    "provisional": StateWord(U, _("provisional diagnosis")),
    "differential": StateWord(U, _("differential diagnosis")),
    "refuted": StateWord(N, _("ruled out"), loud=True),
    "entered-in-error": ERROR,
}
DOCUMENTS = {
    "final": StateWord(C),
    "preliminary": StateWord(U, _("preliminary document"), loud=True),
    "amended": StateWord(C, _("amended document")),
    "entered-in-error": ERROR,
}
INTENTS = {
    "proposal": StateWord(O, _("proposal, not ordered"), loud=True),
    "plan": StateWord(O, _("plan, not ordered"), loud=True),
    "option": StateWord(O, _("option, not ordered"), loud=True),
    "order": StateWord(C),
    "original-order": StateWord(C),
    "reflex-order": StateWord(C),
    "filler-order": StateWord(C),
    "instance-order": StateWord(C),
}

ORDERS = {  # FHIR request-status, of what is not taken but done
    "draft": StateWord(O, _("draft, not ordered"), loud=True),
    "active": StateWord(C),
    "on-hold": HOLD,
    "revoked": StateWord(P, _("revoked"), loud=True),
    "completed": StateWord(P, _("completed")),
    "entered-in-error": ERROR,
    "unknown": UNKNOWN,
}

STATES: dict[str, dict[str, dict[str, StateWord]]] = {
    "Condition": {
        "clinicalStatus": {
            "active": StateWord(C),
            "recurrence": StateWord(C, _("recurrence")),
            "relapse": StateWord(C, _("relapse")),
            "inactive": StateWord(P, _("inactive")),
            "remission": StateWord(P, _("in remission")),
            "resolved": StateWord(P, _("resolved")),
        },
        "verificationStatus": VERIFICATION,
    },
    "AllergyIntolerance": {
        "clinicalStatus": {
            "active": StateWord(C),
            "inactive": StateWord(P, _("no longer present")),
            "resolved": StateWord(P, _("tolerated again")),
        },
        "verificationStatus": {**VERIFICATION, "presumed": StateWord(U, _("presumed"))},
    },
    "Flag": {
        "status": {
            "active": StateWord(C),
            "inactive": StateWord(P, _("ended")),
            "entered-in-error": ERROR,
        }
    },
    "MedicationRequest": {
        "status": {
            "active": StateWord(C),
            "on-hold": HOLD,
            "cancelled": StateWord(P, _("cancelled before use")),
            "completed": StateWord(P, _("completed")),
            "entered-in-error": ERROR,
            "stopped": StateWord(P, _("stopped"), loud=True),
            "draft": StateWord(O, _("draft, not ordered"), loud=True),
            "unknown": UNKNOWN,
        },
        "intent": INTENTS,
        "doNotPerform": {"true": StateWord(F, _("DO NOT GIVE"), loud=True), "false": StateWord(C)},
        "reportedBoolean": {
            "true": StateWord(C, _("reported, not ordered here")),
            "false": StateWord(C),
        },
    },
    "MedicationStatement": {
        "status": {
            "active": StateWord(C),
            "completed": StateWord(P, _("completed")),
            "entered-in-error": ERROR,
            "intended": StateWord(O, _("intended, not yet taken"), loud=True),
            "stopped": StateWord(P, _("stopped"), loud=True),
            "on-hold": HOLD,
            "unknown": UNKNOWN,
            "not-taken": StateWord(N, _("not taken"), loud=True),
        },
    },
    "Medication": {
        "status": {
            "active": StateWord(C),
            "inactive": StateWord(U, _("product no longer in use")),
            "entered-in-error": ERROR,
        }
    },
    "Observation": {"status": REPORTS},
    "DiagnosticReport": {"status": REPORTS},
    "DocumentReference": {
        "status": {
            "current": StateWord(C),
            "superseded": StateWord(P, _("superseded by a newer document"), loud=True),
            "entered-in-error": ERROR,
        },
        "docStatus": DOCUMENTS,
    },
    "Composition": {"status": DOCUMENTS},
    "Encounter": {
        "status": {
            "planned": StateWord(O, _("planned")),
            "arrived": StateWord(C, _("waiting")),
            "triaged": StateWord(C, _("triaged")),
            "in-progress": StateWord(C, _("in progress")),
            "onleave": StateWord(C, _("on leave")),
            "finished": StateWord(C),
            "cancelled": StateWord(N, _("cancelled, did not take place"), loud=True),
            "entered-in-error": ERROR,
            "unknown": UNKNOWN,
        },
    },
    "Procedure": {
        "status": {
            "preparation": StateWord(O, _("in preparation"), loud=True),
            "in-progress": StateWord(C, _("in progress")),
            "not-done": StateWord(N, _("NOT DONE"), loud=True),
            "on-hold": HOLD,
            "stopped": StateWord(C, _("broken off"), loud=True),
            "completed": StateWord(C),
            "entered-in-error": ERROR,
            "unknown": UNKNOWN,
        },
    },
    "Immunization": {
        "status": {
            "completed": StateWord(C),
            "entered-in-error": ERROR,
            "not-done": StateWord(N, _("NOT GIVEN"), loud=True),
        },
        "isSubpotent": {
            "true": StateWord(U, _("subpotent dose, may not protect"), loud=True),
            "false": StateWord(C),
        },
        "primarySource": {
            "true": StateWord(C),
            "false": StateWord(C, _("reported, not recorded by who gave it")),
        },
    },
    "DeviceUseStatement": {
        "status": {
            "active": StateWord(C),
            "completed": StateWord(P, _("no longer in use")),
            "entered-in-error": ERROR,
            "intended": StateWord(O, _("planned")),
            "stopped": StateWord(P, _("removed from use")),
            "on-hold": HOLD,
        },
    },
    "Device": {
        "status": {
            "active": StateWord(C),
            "inactive": StateWord(U, _("device inactive")),
            "entered-in-error": ERROR,
            "unknown": UNKNOWN,
        }
    },
    "CarePlan": {
        "status": {**ORDERS, "draft": StateWord(O, _("draft, not in force"), loud=True)},
        "intent": {
            "proposal": StateWord(O, _("proposal, not agreed"), loud=True),
            "plan": StateWord(C),
            "order": StateWord(C),
            "option": StateWord(O, _("option, not agreed"), loud=True),
        },
    },
    "CarePlan.activity.detail": {
        "status": {
            "not-started": StateWord(O, _("not begun")),
            "scheduled": StateWord(O, _("planned")),
            "in-progress": StateWord(C),
            "on-hold": HOLD,
            "completed": StateWord(P, _("completed")),
            "cancelled": StateWord(N, _("cancelled"), loud=True),
            "stopped": StateWord(P, _("stopped"), loud=True),
            "unknown": UNKNOWN,
            "entered-in-error": ERROR,
        },
        "doNotPerform": {
            "true": StateWord(F, _("DO NOT PERFORM"), loud=True),
            "false": StateWord(C),
        },
    },
    "Goal": {
        "lifecycleStatus": {
            "proposed": StateWord(O, _("proposal, not agreed"), loud=True),
            "planned": StateWord(O, _("planned")),
            "accepted": StateWord(O, _("agreed, not yet begun")),
            "active": StateWord(C),
            "on-hold": HOLD,
            "completed": StateWord(P, _("completed")),
            "cancelled": StateWord(P, _("given up"), loud=True),
            "rejected": StateWord(N, _("refused"), loud=True),
            "entered-in-error": ERROR,
        },
    },
    "EpisodeOfCare": {
        "status": {
            "planned": StateWord(O, _("planned")),
            "waitlist": StateWord(O, _("on the waiting list")),
            "active": StateWord(C),
            "onhold": HOLD,
            "finished": StateWord(P, _("ended")),
            "cancelled": StateWord(N, _("cancelled"), loud=True),
            "entered-in-error": ERROR,
        },
    },
    "CareTeam": {
        "status": {
            "proposed": StateWord(O, _("proposal, not agreed")),
            "active": StateWord(C),
            "suspended": HOLD,
            "inactive": StateWord(P, _("ended")),
            "entered-in-error": ERROR,
        },
    },
    "FamilyMemberHistory": {
        "status": {
            "partial": StateWord(C, _("incomplete")),
            "completed": StateWord(C),
            "health-unknown": StateWord(A, _("health not known")),
            "entered-in-error": ERROR,
        },
        "estimatedAge": {"true": StateWord(C, _("age estimated")), "false": StateWord(C)},
    },
    "ServiceRequest": {
        "status": {
            **ORDERS,
            "revoked": StateWord(P, _("order withdrawn or stopped"), loud=True),
        },
        "intent": {**INTENTS, "directive": StateWord(C)},
        "doNotPerform": {
            "true": StateWord(F, _("DO NOT PERFORM"), loud=True),
            "false": StateWord(C),
        },
    },
    "ImagingStudy": {
        "status": {
            "registered": StateWord(U, _("registered, no images yet")),
            "available": StateWord(C),
            "cancelled": StateWord(N, _("cancelled, did not take place"), loud=True),
            "entered-in-error": ERROR,
            "unknown": UNKNOWN,
        },
    },
    "Patient": {
        "active": {"true": StateWord(C), "false": StateWord(P, _("registration closed"), loud=True)}
    },
}
# What it says where the element is not there; elements that are not named here may be missing
# without a word.
MISSING: dict[str, dict[str, StateWord]] = {
    "Condition": {"clinicalStatus": StateWord(C, _("not stated whether it is still present"))},
    **{
        t: {"status": UNSAID}
        for t in STATES
        if "status" in STATES[t] and t not in ("Medication", "Device")
    },
}
MISSING["MedicationRequest"]["intent"] = StateWord(U, _("not stated whether it was ordered"))
MISSING["ServiceRequest"]["intent"] = MISSING["MedicationRequest"]["intent"]
MISSING["CarePlan"]["intent"] = StateWord(U, _("not stated whether it was agreed"))
MISSING["Goal"] = {"lifecycleStatus": UNSAID}

OVER = re.compile(
    r"愈|缓解|消失|消退|恢复|康复|结束|控制|resolved|remission|recovered|cured|healed|ended|gone|\d{4}"
)
LASTING = re.compile(
    r"未|不|无|没|尚|仍|待|持续|部分|好转|\b(?:not?|ongoing|still|persist\w*|continu\w*|never|partial\w*)\b|n't|unresolved|uncured"
)


def state_words(resource: dict[str, Any]) -> Iterator[StateWord]:
    """What each element of the table says in this resource."""
    kind = str(resource.get("resourceType"))
    for element, codes in STATES.get(kind, {}).items():
        value = resource.get(element)
        if value is None:
            if element in MISSING.get(kind, {}):
                yield MISSING[kind][element]
            continue
        found = (
            [str(c.get("code")) for c in value.get("coding") or [] if c.get("code")]
            if isinstance(value, dict)
            else [str(value).lower() if isinstance(value, bool) else str(value)]
        )
        known = [codes[c] for c in found if c in codes]
        yield from known
        if not known:
            yield StateWord(
                U, concept_text(value) if isinstance(value, dict) else str(value), loud=True
            )


def is_abated(condition: dict[str, Any]) -> bool:
    """Whether its abatement says that it is over; one in words does only if they say so and deny
    nothing: 未愈 is no end.
    """
    words = condition.get("abatementString")
    if words is None:
        return any(k.startswith("abatement") for k in condition)
    return bool(OVER.search(str(words).casefold())) and not LASTING.search(str(words).casefold())


def judge_state(resource: dict[str, Any]) -> tuple[Sense, tuple[ReadingMark, ...]]:
    """(what the resource says of the patient, the words that have to stand beside its name)."""
    words = list(state_words(resource))
    sense = combine_senses(w.sense for w in words)
    if (
        sense is Sense.CURRENT
        and resource.get("resourceType") == "Condition"
        and "clinicalStatus" not in resource
        and is_abated(resource)
    ):
        return Sense.PAST, tuple(
            ReadingMark(str(w.text), w.loud)
            for w in words
            if w.text and w is not MISSING["Condition"]["clinicalStatus"]
        )
    return sense, tuple(dict.fromkeys(ReadingMark(str(w.text), w.loud) for w in words if w.text))
