"""A statement whose test was forgotten lets nothing out: the rows are looked at once more."""

import pytest

from consent.audit.event import EventCode
from consent.gate import enter
from records.interactions.ask import base, own_request, person_request
from records.search.plan import Plan
from records.store import query
from records.store.rows import Escaped
from tests.leaks.test_shared_record import World, related, w

__all__ = ["w"]


def all_of(w: World, scope: object) -> list[object]:
    plan = Plan("r.hospital = ANY(%(both)s)", "r.rid ASC", "r.rid::text", 100, {"both": [w.a.pk, w.b.pk]})
    return list(query.page(scope, plan))  # type: ignore[arg-type]


def test_a_forgotten_test_lets_nothing_out(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    related(w)
    w.permit(sensitive=True)
    stranger = w.hold.create({"resourceType": "Patient", "name": [{"text": "别人"}]})
    own = enter(own_request(base(w.doctor, w.a.code, ""), EventCode.RECORD_SEARCH, "Observation"))
    shared = enter(person_request(base(w.doctor, "alliance", ""), EventCode.RECORD_SEARCH, "Observation", w.person))  # type: ignore[arg-type]
    assert len(all_of(w, own)) == 1 and len(all_of(w, shared)) == 4, "the control"
    monkeypatch.setattr(query, "branches", lambda scope, directory, conditions: ([conditions], {}))
    for scope in (own, shared):
        with pytest.raises(Escaped):
            all_of(w, scope)
    assert stranger
