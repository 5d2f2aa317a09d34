"""Read a consent decision back, in the words it will be shown in, before it is saved."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from consent.templates import build_consent
from consent.terms import Source
from records.web.consent_form import ConsentDecisionForm
from records.web.consent_text import describe_consent
from records.web.directive_display import collect_actor_names
from records.web.shown_registrations import registrations_mark


@dataclass(frozen=True, slots=True)
class ConsentReadback:
    """A decision before it is saved, in the words that it will be shown in; mark: tells this
    reading from any other.
    """

    consent: dict[str, Any]
    rules: list[tuple[int, bool | None, str]]
    last_day: str
    instead: bool
    mark: str


def read_back_consent(
    form: ConsentDecisionForm, hospital: str, found: tuple[Source, ...]
) -> ConsentReadback:
    """What a valid form would record at the hospital, of the patient of these registrations."""
    chosen = build_consent(form.choice())
    text = json.dumps(
        [chosen, form.last_day, form.cleaned_data["instead"], registrations_mark(found)],
        sort_keys=True,
    )
    return ConsentReadback(
        chosen,
        describe_consent(chosen, hospital, collect_actor_names([chosen])),
        form.last_day,
        form.cleaned_data["instead"],
        hashlib.sha256(text.encode()).hexdigest()[:16],
    )
