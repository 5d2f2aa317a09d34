"""Every event has a purpose of use of v3-PurposeOfUse; what was stated is left."""

import pytest

from alliance.auth.principal import Principal, Purpose
from consent.audit.event import AuditEvent, EventCode
from consent.audit.event_groups import EVENT_GROUPS, codes_of_group
from consent.audit.event_purposes import EVENTS_BY_PURPOSE, PURPOSE_OF_EVENT, purpose_of_event
from consent.audit.event_words import PURPOSE_WORDS
from consent.purposes import KNOWN_PURPOSES


def test_every_event_has_one_known_purpose() -> None:
    assert set(PURPOSE_OF_EVENT) == {str(c) for c in EventCode}, "a code without a purpose"
    assert sum(map(len, EVENTS_BY_PURPOSE.values())) == len(PURPOSE_OF_EVENT), "a code twice"
    assert set(EVENTS_BY_PURPOSE) <= KNOWN_PURPOSES


@pytest.mark.parametrize(
    ("code", "stated", "purpose"),
    [
        (EventCode.STAFF_ENROL, Purpose.TREATMENT, "HOPERAT"),
        (EventCode.AUDIT_EXPORT, Purpose.TREATMENT, "HCOMPL"),
        (EventCode.COMMAND, Purpose.TREATMENT, "HSYSADMIN"),
        (EventCode.RECORD_READ, Purpose.TREATMENT, "TREAT"),
        (EventCode.RECORD_READ, Purpose.EMERGENCY, "BTG"),
        (EventCode.CONSENT_READ, Purpose.PATIENT, "PATRQT"),
    ],
)
def test_a_line_bears_the_purpose_of_its_event(
    code: EventCode, stated: Purpose, purpose: str
) -> None:
    acting = Principal("staff", "7", 1, "here", "clinician", purpose=stated)
    assert purpose_of_event(code, stated) == purpose
    assert AuditEvent.from_principal(acting, code).purpose == purpose
    assert AuditEvent.from_principal(acting, code, purpose="PUBHLTH").purpose == "PUBHLTH"


def test_every_event_is_of_one_kind() -> None:
    found = [code for key in EVENT_GROUPS for code in codes_of_group(key)]
    assert sorted(found) == sorted(str(c) for c in EventCode)


def test_every_purpose_has_words() -> None:
    assert set(PURPOSE_WORDS) >= set(EVENTS_BY_PURPOSE)
