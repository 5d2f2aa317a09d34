"""Why a line of the log was let in or refused is told by the facts of its moment: what was decided
then comes out again, whatever has changed since.
"""

import random
import re
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from alliance.database.connection_settings import WEB_ROLE
from alliance.models import Staff
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.facts import load_facts
from consent.line_verdicts import READS, Agreement
from records.mpi.index.source_patients import sources_of_person
from records.web import line_reasons
from tests import draws
from tests.factories import alliance
from tests.factories.web_session import WebSession, extract_page_text
from tests.support.audit_lines import fresh
from tests.support.changing_world import ChangingWorld
from tests.support.world import World, new_world

ROUNDS = 2
AGREEMENT = re.compile(r'data-agreement="(\w+)"')


@pytest.fixture(scope="module")
def story(server: str) -> tuple[World, Staff, list[dict[str, Any]]]:
    """Many changes in an order that is drawn, and three looks after each: a doctor's, and a
    system's by search and by number. The lines that these have left.
    """
    w = new_world(server)
    who = Staff.objects.select_related("hospital", "user").get(pk=int(w.doctor.id))
    changing, browser = ChangingWorld(w, who), WebSession(server, who)
    steps = [s for s in changing.steps for _ in range(ROUNDS)]
    random.Random(draws.SEED).shuffle(steps)
    first = newest_line(w)
    for step in (changing.turn_treatment, changing.turn_permit, *steps):
        changing.turn(step)
        fresh()
        browser.get(f"/person/{w.person}/")
        w.seen()
        w.read(w.plain)
    changing.end()
    lines = [
        x
        for x in list_audit_lines(AuditFilter(person=w.person), None, 2_000)  # type: ignore[arg-type]
        if x["id"] > first and x["code"] in READS and x["actor_hospital"] == w.a.code
    ]
    return w, who, lines


def newest_line(w: World) -> int:
    lines = list_audit_lines(AuditFilter(person=w.person), None, 1)  # type: ignore[arg-type]
    return max((x["id"] for x in lines), default=0)


def explain(line: dict[str, Any]) -> Any:
    found = line_reasons.explain_line(line, UUID(line["person"]), None, timezone.now())
    assert found is not None
    return found.comparison


def describe(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[x] for x in ("id", "actor_kind", "target", "outcome", "reason", "purpose"))


def test_every_line_is_explained_by_the_facts_of_its_moment(
    story: tuple[World, Staff, list[dict[str, Any]]],
) -> None:
    _w, _who, lines = story
    outcomes = {(x["outcome"], x["reason"]) for x in lines}
    assert len(lines) > 30 and len({r for o, r in outcomes if o == "refused"}) >= 4, outcomes
    assert any(x["outcome"] == "success" for x in lines)
    wrong = [
        (*describe(x), found.agreement, found.answer)
        for x in lines
        if (found := explain(x)).agreement is not Agreement.AGREES
    ]
    assert not wrong, wrong


MUTATIONS = {  # what of the moment is taken as it is today -> by what
    "facts": ("load_facts_then", lambda request, _at: load_facts(request)),
    "registrations": ("sources_of_person_then", lambda person, _at: sources_of_person(person)),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_facts_of_today_would_not_explain_them(
    story: tuple[World, Staff, list[dict[str, Any]]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the scenario tells one from the other."""
    monkeypatch.setattr(line_reasons, *MUTATIONS[name])
    assert any(explain(x).agreement is Agreement.CONTRADICTS for x in story[2]), name


def test_a_line_that_the_facts_do_not_bear_out_is_a_finding(
    story: tuple[World, Staff, list[dict[str, Any]]], server: str
) -> None:
    """As if the gate had been passed by: a read that nothing opened, and records that left."""
    w, who, _ = story
    acting = alliance.get_staff_principal(who)
    forged = AuditEvent.from_principal(
        acting, EventCode.RECORD_READ, person=w.person, target=f"{w.b.code}/{w.plain}"
    )
    append_event(forged)
    append_event(
        forged.with_changes(
            code=EventCode.RECORD_OPEN, target="alliance/record", refs=(f"{w.b.code}/{w.plain}/1",)
        )
    )
    opened, read = list_audit_lines(AuditFilter(person=w.person), None, 2)  # type: ignore[arg-type]
    assert explain(read).agreement is Agreement.CONTRADICTS
    found = explain(opened)
    assert found.agreement is Agreement.CONTRADICTS and found.strays == (w.b.code,)
    auditor = WebSession(server, alliance.make_staff(w.a, Role.AUDITOR))
    page = auditor.get(f"/audit/{opened['id']}/why/")
    assert AGREEMENT.findall(page.text) == ["contradicts"]
    text = extract_page_text(page)
    assert "contradict each other" in text and f"do not open: of {w.b.code}" in text


def test_the_page_is_for_whoever_may_read_the_line(
    story: tuple[World, Staff, list[dict[str, Any]]], server: str
) -> None:
    w, who, lines = story
    line = next(  # the first that left: by the decision, whatever was drawn for later
        x
        for x in reversed(lines)
        if x["actor_kind"] == "staff" and f"{w.b.code}/" in "".join(x["refs"])
    )
    at = f"/audit/{line['id']}/why/"
    own, other, third = (
        WebSession(server, alliance.make_staff(h, Role.AUDITOR))
        for h in (w.a, w.b, alliance.make_hospital("third"))
    )
    page = own.get(at)
    text = extract_page_text(page)
    assert page.status_code == 200 and AGREEMENT.findall(page.text) == ["agrees"]
    for said in (who.name, w.a.name_en, w.b.name_en, "decision no.", "What has changed since"):
        assert said in text, said
    assert re.search(r"Decision no\. \d+ was withdrawn", text), "what came later"
    assert "Today the same question would be" in text
    name = "林望秋"  # everybody else of these tests has the same
    Staff.objects.filter(pk=who.pk).update(role=Role.CLINICIAN, name=name)
    assert name in extract_page_text(own.get(at)), "the control"
    WebSession(server, who).get(f"/person/{w.person}/")
    later = next(
        x
        for x in list_audit_lines(AuditFilter(person=w.person), None, 20)  # type: ignore[arg-type]
        if x["code"] == EventCode.RECORD_OPEN
    )
    foreign = other.get(f"/audit/{later['id']}/why/")
    assert foreign.status_code == 200 and AGREEMENT.findall(foreign.text) == ["agrees"]
    cut = extract_page_text(foreign)
    assert who.user.username in cut and name not in cut, "as the log shows them"
    assert w.b.name_en in cut and "Its own records, for treatment." not in cut
    theirs = list_audit_lines(AuditFilter(hospitals=(w.b.code,), patients=True), None, 1000)
    assert (other.get(at).status_code == 200) is any(x["id"] == line["id"] for x in theirs), (
        "where the log shows the line: not of before the registration was this person's"
    )
    assert third.get(at).status_code == 404
    assert own.get("/audit/999999999999/why/").status_code == 404
    asked = list_audit_lines(AuditFilter(codes=(EventCode.CONSENT_READ.value,)), None, 50)
    assert any(
        (x["code"], x["detail"]) == (EventCode.CONSENT_READ.value, f"of line {line['id']}")
        for x in asked
    ), "that somebody asked is a line, too"


def test_what_was_not_kept_then_is_said(
    story: tuple[World, Staff, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = story[2][0]
    explained = line_reasons.explain_line(line, UUID(line["person"]), None, timezone.now())
    assert explained is not None and explained.kept_since is None, "the control"
    later = timezone.now()
    monkeypatch.setattr(line_reasons, "find_history_start", lambda: later)
    explained = line_reasons.explain_line(line, UUID(line["person"]), None, timezone.now())
    assert explained is not None and explained.kept_since == later


@pytest.mark.parametrize("change", ["UPDATE {} SET until = now()", "DELETE FROM {}"])
def test_nobody_alters_what_was(
    story: tuple[World, Staff, list[dict[str, Any]]], change: str
) -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SET LOCAL ROLE {WEB_ROLE}")
        cursor.execute(change.format("consent_fact_history"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(p) FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) p"
            " WHERE has_table_privilege(%s, 'consent_fact_history', p)",
            [WEB_ROLE],
        )
        assert cursor.fetchone()[0] == ["SELECT"]
