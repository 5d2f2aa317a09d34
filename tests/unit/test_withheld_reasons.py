"""Why records are withheld: refused, unasked and unverified are three things, and a scope says
which.
"""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from consent.decide import decide_access
from consent.provision import parse_consent
from consent.strength import Strength
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from consent.terms import ActiveConsent, Facts, Refused, Source
from tests.support.deciding import DENY_ME, NOW, OTHER, OWN, PERMIT, request
from tests.support.gate_facts import ALONE, AT_OTHER, EXPRESS, SECOND

LATER = NOW + dt.timedelta(hours=1)


ONLY_HERE = (Source(11, OWN, "own", "a", UUID(int=11)),)
NAMES_ME, NAMES_A_COLLEAGUE = (
    ActiveConsent(
        10,
        parse_consent(build_consent(ConsentChoice(ConsentTemplate.ONLY, staff=[n]))),
        Strength.FULL,
    )
    for n in ("9", "8")
)
NO_MENTAL = ActiveConsent(
    5,
    parse_consent(build_consent(ConsentChoice(ConsentTemplate.WITHOUT, kinds=["PSY"]))),
    Strength.FULL,
)
FOR_ANOTHER = ActiveConsent(
    6, parse_consent(build_consent(ConsentChoice(ConsentTemplate.ONLY, ["third"]))), Strength.FULL
)
REFUSES_ANOTHER = ActiveConsent(
    7, parse_consent(build_consent(ConsentChoice(ConsentTemplate.REFUSE, ["third"]))), Strength.FULL
)


@pytest.mark.parametrize(
    ("what", "facts", "elsewhere", "only_here"),
    [
        ("nothing is known of the patient elsewhere", {}, ("no_relationship",), ()),
        ("nobody has asked", {"related": True, "tie": Strength.FULL}, ("no_consent",), ()),
        (
            "what others were given or refused is told to nobody else",
            {"related": True, "tie": Strength.FULL, "consents": (FOR_ANOTHER, REFUSES_ANOTHER)},
            ("no_consent",),
            (),
        ),
        (
            "a consent waits for its paper",
            {"related": True, "tie": Strength.FULL, "unverified_consents": (EXPRESS,)},
            ("unverified",),
            (),
        ),
        (
            "one that waits for another hospital's sake",
            {"related": True, "tie": Strength.FULL, "unverified_consents": (FOR_ANOTHER,)},
            ("no_consent",),
            (),
        ),
        (
            "a refusal is a fact of its own",
            {"related": True, "tie": Strength.FULL, "consents": (DENY_ME,)},
            ("patient_denied",),
            ("patient_denied",),
        ),
        (
            "a refusal of a kind, and nobody treats",
            {"consents": (NO_MENTAL,)},
            ("no_relationship", "patient_denied"),
            ("patient_denied",),
        ),
        (
            "plain records are open",
            {"related": True, "tie": Strength.FULL, "consents": (PERMIT,)},
            ("sensitive",),
            (),
        ),
        (
            "nobody stands behind the treatment",
            {"related": True, "consents": (EXPRESS,)},
            ("unconfirmed",),
            (),
        ),
        (
            "nobody stands behind the consent",
            {"related": True, "tie": Strength.FULL, "consents": (ALONE,)},
            ("unconfirmed_consent",),
            (),
        ),
        (
            "it was recorded where the records are",
            {
                "related": True,
                "tie": Strength.FULL,
                "consents": (replace(AT_OTHER, rule=PERMIT.rule),),
            },
            ("sensitive",),
            (),
        ),
        (
            "it was recorded at a third hospital",
            {
                "related": True,
                "tie": Strength.FULL,
                "consents": (replace(AT_OTHER, speaker="third"),),
            },
            ("unconfirmed_consent",),
            (),
        ),
        (
            "a second person does, for the time being",
            {"related": True, "tie": Strength.PROVISIONAL, "consents": (EXPRESS,)},
            ("provisional",),
            (),
        ),
        (
            "a second person stands behind the consent",
            {"related": True, "tie": Strength.FULL, "consents": (SECOND,)},
            ("provisional",),
            (),
        ),
        (
            "what is provisional opens all that it would",
            {"related": True, "tie": Strength.PROVISIONAL, "consents": (PERMIT,)},
            ("sensitive",),
            (),
        ),
        ("all is open", {"related": True, "tie": Strength.FULL, "consents": (EXPRESS,)}, (), ()),
        (
            "nothing can be done about a member that does not take part",
            {"related": True, "tie": Strength.FULL, "suspended": frozenset({"other"})},
            (),
            (),
        ),
    ],
)
def test_why_records_are_withheld(
    what: str, facts: dict[str, object], elsewhere: tuple[str, ...], only_here: tuple[str, ...]
) -> None:
    """Follows from consents and registrations, never from what is stored; of a refusal not even
    from registrations.
    """
    both, one = (
        decide_access(request(), Facts(NOW, **facts)),
        decide_access(request(sources=ONLY_HERE), Facts(NOW, **facts)),
    )  # type: ignore[arg-type]
    assert (both.withheld, one.withheld) == (elsewhere, only_here) and both.urgent is bool(
        elsewhere
    )


def test_refused_unasked_and_unverified_are_three_things() -> None:
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    part = ActiveConsent(
        8,
        parse_consent(
            {
                "resourceType": "Consent",
                "provision": {"type": "deny", "securityLabel": [{"code": "PSY"}]},
            }
        ),
        Strength.FULL,
    )
    for facts, code in (
        (
            Facts(NOW, related=True, tie=Strength.FULL, consents=(FOR_ANOTHER, REFUSES_ANOTHER)),
            "no_consent",
        ),
        (Facts(NOW, related=True, tie=Strength.FULL, unverified_consents=(PERMIT,)), "unverified"),
        (Facts(NOW, unverified_consents=(PERMIT,)), "no_relationship"),
        (
            Facts(
                NOW,
                related=True,
                tie=Strength.FULL,
                unverified_consents=(PERMIT,),
                consents=(DENY_ME,),
            ),
            "patient_denied",
        ),
        (Facts(NOW, related=True, tie=Strength.FULL, consents=(part,)), "no_consent"),
        (Facts(NOW, related=True, consents=(EXPRESS,)), "unconfirmed"),
        (
            Facts(
                NOW,
                related=True,
                tie=Strength.FULL,
                consents=(ALONE,),
                unverified_consents=(PERMIT,),
            ),
            "unconfirmed_consent",
        ),
        (
            Facts(NOW, related=True, tie=Strength.FULL, consents=(replace(ALONE, whole=False),)),
            "no_consent",
        ),
        (
            Facts(NOW, related=True, tie=Strength.FULL, unverified_consents=(NAMES_ME,)),
            "unverified",
        ),
        (
            Facts(NOW, related=True, tie=Strength.FULL, unverified_consents=(NAMES_A_COLLEAGUE,)),
            "no_consent",
        ),
    ):
        with pytest.raises(Refused) as refusal:
            decide_access(request(sources=foreign), facts)
        assert refusal.value.code == code


def test_an_emergency_says_how_long_it_lasts() -> None:
    assert (
        decide_access(request(), Facts(NOW, emergency_until=LATER)).until == LATER
        and decide_access(request(), Facts(LATER, emergency_until=LATER)).until is None
    )
    never = ActiveConsent(
        9,
        parse_consent(
            {
                "resourceType": "Consent",
                "provision": {"type": "deny", "purpose": [{"code": "TREAT"}, {"code": "BTG"}]},
            }
        ),
        Strength.FULL,
    )
    shut = decide_access(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(never,)))
    assert shut.withheld == ("patient_denied",) and not shut.urgent, (
        "an emergency is not offered where it opens nothing"
    )
