"""Facts and consents in short, for the truth table of the gate."""

from dataclasses import replace

from consent.provision import parse_consent
from consent.strength import Strength
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from consent.terms import ActiveConsent

EXPRESS = ActiveConsent(
    2,
    parse_consent(build_consent(ConsentChoice(ConsentTemplate.SHARE, kinds=["R"]))),
    Strength.FULL,
)
ALONE, SECOND = (
    replace(EXPRESS, strength=Strength.NONE),
    replace(EXPRESS, strength=Strength.PROVISIONAL),
)
AT_OTHER = replace(ALONE, speaker="other", own=Strength.FULL)
DENY_OTHER = ActiveConsent(
    3,
    parse_consent(build_consent(ConsentChoice(ConsentTemplate.NOTHING, sources=["other"]))),
    Strength.FULL,
)
