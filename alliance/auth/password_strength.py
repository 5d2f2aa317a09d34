"""Passwords that somebody guesses who knows the person, their hospital and what people choose
are refused (NIST SP 800-63B 3.1.1.2; GB/T 22239-2019 8.1.4.1 a).
"""

from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pypinyin import lazy_pinyin
from zxcvbn import zxcvbn

MIN_STRENGTH_SCORE = 3  # of 4: more than 10^8 guesses
MAX_SCORED_LENGTH = 72  # characters that are weighed: what follows makes no password weaker
PRODUCT_WORDS = ("xinglin", "杏林")
WEAKNESS_MESSAGES = {
    "own": gettext_noop(
        "It is made of your name, your user name or the hospital's name. Take words that have"
        " nothing to do with you."
    ),
    "dictionary": gettext_noop(
        "It is made of words or passwords that many people choose. Take several words that do not"
        " belong together."
    ),
    "repeat": gettext_noop("It repeats itself. Take several words that do not belong together."),
    "sequence": gettext_noop(
        "It follows a sequence such as 1234 or abcd. Take several words that do not belong"
        " together."
    ),
    "spatial": gettext_noop(
        "It follows the keys of the keyboard. Take several words that do not belong together."
    ),
    "date": gettext_noop(
        "It is hardly more than a date. Take several words that do not belong together."
    ),
    "bruteforce": gettext_noop(
        "It is guessed too quickly. Take several words that do not belong together."
    ),
}


def collect_guessable_words(user: Any) -> list[str]:
    """What everybody knows of the person: names, in pinyin too, and the hospital's."""
    staff = getattr(user, "staff_or_none", None) if user is not None and user.pk else None
    words = [user.username, user.email.partition("@")[0]] if user is not None else []
    if staff is not None:
        for name in (staff.name, staff.hospital.name_zh):
            said = lazy_pinyin(name)
            words += [name, "".join(said), "".join(s[:1] for s in said), *said]
        words += [staff.hospital.code, staff.hospital.name_en, *staff.hospital.name_en.split()]
    return [w for w in chain(words, PRODUCT_WORDS) if len(w) > 1]


def find_password_weakness(password: str, known: list[str]) -> str:
    """A key of WHY, or "" for a password that is strong enough."""
    rest = password.casefold()
    for word in sorted((w.casefold() for w in known if len(w) > 2), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < len(password) / 2:
        return "own"
    found = zxcvbn(password[:MAX_SCORED_LENGTH], user_inputs=known)
    if found["score"] >= MIN_STRENGTH_SCORE:
        return ""
    if any(
        m.get("dictionary_name") == "user_inputs" and len(m["token"]) > 2 for m in found["sequence"]
    ):
        return "own"
    longest = max(found["sequence"], key=lambda m: len(m["token"]))["pattern"]
    return str(longest) if longest in WEAKNESS_MESSAGES else "bruteforce"


class StrengthValidator:
    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError that says what is weak, and what to take instead."""
        if why := find_password_weakness(password, collect_guessable_words(user)):
            raise ValidationError(_(WEAKNESS_MESSAGES[why]), code="weak")

    def get_help_text(self) -> str:
        return str(
            _(
                "At least twelve characters: several words that do not belong together, nothing of"
                " your name or hospital."
            )
        )
