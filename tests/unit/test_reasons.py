"""Why nothing of a hospital is shown, against the oracle: refused, not asked and waiting for
verification are what the consents say, one by one.
"""

import datetime as dt
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent.audit.event import EventCode
from consent.decide import evaluate_hospital, is_full_denial
from consent.provision import parse_consent
from consent.strength import Strength
from consent.terms import AccessRequest, ActiveConsent, Facts
from tests.oracle.evaluator import Looker, World, may_see, says
from tests.oracle.worlds import records, strategy, thing

NOW = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
HOSPITALS = ["own", "other", "third"]
THINGS = [thing("other", body) for body in records("Patient/p", random.Random(7), 12)]
for one in THINGS:
    one.around = THINGS
held = st.lists(st.tuples(strategy(HOSPITALS, ["7", "8"]), st.sampled_from(HOSPITALS)), max_size=2)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_each_reason_is_what_the_consents_say(data: Any) -> None:
    counted, waiting = data.draw(held), data.draw(held)
    viewer = Principal("staff", "7", 1, "own", Role.CLINICIAN)
    request, looker = (
        AccessRequest(viewer, Permission.RECORD_READ, EventCode.RECORD_OPEN, "t"),
        Looker("own", "7", "TREAT", NOW),
    )

    def standing(drawn: list[Any], whole: bool) -> tuple[ActiveConsent, ...]:
        return tuple(
            ActiveConsent(i, parse_consent(c, store), Strength.FULL, whole)
            for i, (c, store) in enumerate(drawn)
        )

    verdict = evaluate_hospital(
        request,
        Facts(
            NOW,
            related=True,
            tie=Strength.FULL,
            consents=standing(counted, True),
            unverified_consents=standing(waiting, False),
        ),
        "other",
    )
    codes = {v.code for v in verdict.reasons if v.kind == "deny"}
    world = World([(c, store, "all") for c, store in counted])
    if codes & {"no_consent", "unverified"}:
        assert not any(may_see(world, looker, t) for t in THINGS), "nothing permits"
        surely = [
            t
            for t in THINGS
            for c, store in waiting
            if says(c, looker, t, store, urgent=False) == {"permit"}
        ]
        assert not surely or "unverified" in codes, "one that waits would permit"
        assert "unverified" not in codes or waiting
    if any(is_full_denial(v) and v.code == "patient_denied" for v in verdict.reasons):
        assert all(
            any(
                "deny" in says(c, looker, t, store, urgent=urgent)
                for c, store in counted
                for urgent in (False, True)
            )
            for t in THINGS
        ), "refused in whole, or even in an emergency"
        assert not codes & {"no_consent", "unverified"}
    if not counted and not waiting:
        assert codes == {"no_consent"}
    assert (
        verdict.seen
        == evaluate_hospital(
            request,
            Facts(NOW, related=True, tie=Strength.FULL, consents=standing(counted, True)),
            "other",
        ).seen
    ), "what waits opens nothing and closes nothing"
