"""What begins or ends by its own time, and other changes of what may be seen that no decision of
the patient makes, are told in the feed: once, and to those whom it concerns.
"""

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from alliance.models import Hospital
from alliance.roles import Role
from alliance.services.membership import do_suspend_hospital
from consent.models import AlliancePolicy, Confirmation, Directive, Relationship
from consent.moments import note_due_moments
from consent.services.relationships import do_declare_relationship
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import record_consent
from tests.factories.fhir import Api, make_patient
from tests.support.feeds import read_all
from tests.support.filed import ACTOR
from tests.support.group_members import Members, group, m, numbered
from tests.support.world import World, related, w
from tests.wait_until import wait_until

__all__ = ["m", "w"]
IRCP = {"coding": [{"system": ACTOR, "code": "IRCP"}]}
HOUR = dt.timedelta(hours=1)


def pass_time(until: dt.datetime) -> None:
    """As the courier finds it then."""
    while note_due_moments(until):
        pass


def told(api: Api, cursor: str) -> tuple[int, str]:
    """(entries of consent, the next cursor)."""
    read, cursor = read_all(api, cursor)
    return sum(e["kind"] == "consent" for e in read), cursor


def settle(w: World) -> str:
    """All is told that has happened; the cursor of who asks."""
    pass_time(timezone.now())
    return read_all(w.ask)[1]


def permit_within(w: World, **period: dt.datetime) -> Directive:
    """A decision whose inner provision has a period of its own."""
    rule: dict[str, Any] = {
        "resourceType": "Consent",
        "status": "active",
        "provision": {
            "type": "permit",
            "actor": [
                {
                    "role": IRCP,
                    "reference": {
                        "identifier": {"system": "urn:xinglin:hospital", "value": w.a.code}
                    },
                }
            ],
            "provision": [
                {"type": "deny", "period": {k: t.isoformat() for k, t in period.items()}}
            ],
        },
    }
    return record_consent(
        w.person,  # type: ignore[arg-type]
        rule,
        sources=source_patients.sources_of_person(w.person),  # type: ignore[arg-type]
        acting=w.clerk,
    )


@pytest.mark.parametrize("what", ["directive", "provision", "relationship", "future"])
def test_what_begins_or_ends_by_its_time_is_told_once(w: World, what: str) -> None:
    related(w)
    at = timezone.now() + HOUR
    uninvolved_at = alliance.make_hospital("none")
    uninvolved = Api(
        f"http://{w.ask.at.netloc}",
        uninvolved_at.code,
        credentials=alliance.make_credentials(uninvolved_at),
    )
    uninvolved.create(make_patient())
    if what == "directive":
        w.permit(valid_until=at)
    elif what == "provision":
        permit_within(w, end=at)
    elif what == "future":
        permit_within(w, start=at)
    else:
        Relationship.objects.filter(hospital=w.a, person__isnull=False).update(ends_at=at)
    cursor, other = settle(w), read_all(uninvolved)[1]
    pass_time(at - dt.timedelta(minutes=1))
    assert told(w.ask, cursor)[0] == 0, "the control: not before"
    pass_time(at + dt.timedelta(minutes=1))
    count, cursor = told(w.ask, cursor)
    assert count == 1
    pass_time(at + dt.timedelta(minutes=2))
    assert told(w.ask, cursor)[0] == 0, "once"
    assert told(uninvolved, other)[0] == 0, "nobody else"


def test_a_relationship_that_is_prolonged_ends_when_it_ends(w: World) -> None:
    related(w)
    at = timezone.now() + HOUR
    mine = Relationship.objects.filter(hospital=w.a)
    mine.update(ends_at=at)
    cursor = settle(w)
    mine.update(ends_at=at + HOUR)
    pass_time(at + dt.timedelta(minutes=1))
    assert told(w.ask, cursor)[0] == 0, "it holds still"
    pass_time(at + HOUR + dt.timedelta(minutes=1))
    assert told(w.ask, cursor)[0] == 1


def test_a_word_that_counts_for_hours_is_told_when_it_ends(w: World) -> None:
    related(w)
    at = timezone.now() + HOUR
    made = Confirmation.objects.filter(hospital=w.a, subject="tie").latest("pk")
    settle(w)
    Confirmation.objects.filter(pk=made.pk).update(verdict="provisional", until=at)
    cursor = settle(w)
    pass_time(at + dt.timedelta(minutes=1))
    assert told(w.ask, cursor)[0] == 1


def test_a_fact_of_a_slow_transaction_is_told_all_the_same(w: World) -> None:
    """Its time passes, and the courier looks, before it is committed."""
    related(w)
    cursor = settle(w)
    at = timezone.now() + HOUR
    with transaction.atomic():
        w.permit(valid_until=at)
        pass_time(timezone.now())
    pass_time(at + dt.timedelta(minutes=1))
    assert told(w.ask, cursor)[0] == 2, "that it was given, and that it ended"


def test_the_clock_that_counts_is_the_databases(w: World) -> None:
    related(w)
    Relationship.objects.filter(hospital=w.a).update(
        ends_at=timezone.now() + dt.timedelta(seconds=1)
    )
    cursor = read_all(w.ask)[1]
    wait_until(lambda: note_due_moments() >= 0 and told(w.ask, cursor)[0] == 1, "it has ended")
    assert w.seen() == set()


def test_a_policy_is_told_when_it_begins(w: World) -> None:
    now = AlliancePolicy.objects.filter(starts_at__lte=timezone.now()).first()
    if now is None:
        now = AlliancePolicy(code="Policy-break-glass-only", basis="x", reason="x")
    start = timezone.now() + HOUR
    later = AlliancePolicy.objects.create(
        code=now.code,
        basis=now.basis,
        reason="as before",
        starts_at=start,
        decided_by=alliance.make_staff(w.a, Role.PRIVACY),
    )
    try:
        cursor = settle(w)
        pass_time(start + dt.timedelta(minutes=1))
        assert told(w.ask, cursor)[0] == 1
    finally:
        later.delete()  # in an hour it would begin for all other tests


def test_a_hospital_that_goes_and_comes_back_is_told_to_all(w: World) -> None:
    cursor = settle(w)
    do_suspend_hospital(w.b, reason="test", acting=alliance.OPERATOR)
    count, cursor = told(w.ask, cursor)
    assert count == 1
    w.b.refresh_from_db()
    Hospital.objects.filter(pk=w.b.pk).update(suspended_at=None)
    count, cursor = told(w.ask, cursor)
    assert count == 1
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    Hospital.objects.filter(pk=w.b.pk).update(leaves_on=tomorrow)
    settle(w)
    count, cursor = told(w.ask, cursor)
    assert count == 1, "that it will"
    pass_time(timezone.now() + dt.timedelta(days=3))
    assert told(w.ask, cursor)[0] == 1, "and that it did"
    Hospital.objects.filter(pk=w.b.pk).update(name_en="Another name")
    assert told(w.ask, read_all(w.ask, cursor)[1])[0] == 0


def test_who_is_in_a_group_that_a_decision_names_is_told(m: Members) -> None:
    m.put(numbered("p", m.one), numbered("q", m.two), group("Practitioner/p"))
    m.decide(
        {
            "type": "permit",
            "actor": [{"role": IRCP, "reference": {"reference": "Group/g"}}],
        }
    )
    cursor = settle(m.w)
    m.put(group("Practitioner/p", "Practitioner/q"))
    count, cursor = told(m.w.ask, cursor)
    assert count == 1, "one entry, however many came and went"
    m.put(numbered("q", None))
    count, cursor = told(m.w.ask, cursor)
    assert count == 1, "another number of one who is in it"
    m.put(group("Practitioner/p", id="other"))
    assert told(m.w.ask, cursor)[0] == 0, "of a Group that no decision names"


def test_what_opens_to_one_clinician_is_told_to_no_system(w: World) -> None:
    cursor = settle(w)
    made = do_declare_relationship(w.person, reason="seen today", acting=w.doctor)  # type: ignore[arg-type]
    pass_time(made.ends_at + dt.timedelta(minutes=1))
    assert told(w.ask, cursor)[0] == 0


def test_a_sandbox_has_no_moments(w: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE h.sandbox_of_id IS NULL), count(*) FILTER (WHERE"
            " h.sandbox_of_id IS NOT NULL) FROM consent_moment m JOIN alliance_hospital h ON"
            " m.kind = 'hospital' AND h.id = m.fact"
        )
        members, sandboxes = cursor.fetchone()
    assert members and not sandboxes
