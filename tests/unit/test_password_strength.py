"""Which passwords are refused, and in which words; which pass."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from alliance.auth.password_strength import (
    WEAKNESS_MESSAGES,
    collect_guessable_words,
    find_password_weakness,
)
from alliance.demo.accounts import DEMO_PASSWORD as DEMO
from alliance.models import Hospital, Staff, User
from tests.factories.alliance import PASSWORD

KNOWN = ["lin2", "林秀兰", "linxiulan", "nanqiao", "南桥镇卫生院", "xinglin"]


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("aaaaaaaaaaaa", "repeat"),
        ("lin2lin2lin2", "own"),
        ("wug7wug7wug7", "repeat"),
        ("xinglin20261", "own"),
        ("linxiulan2026", "own"),
        ("nanqiao-nanqiao", "own"),
        ("123456789012", "dictionary"),
        ("qwertyuiop12", "dictionary"),
        ("password12345", "dictionary"),
        ("abcdefghijkl", "sequence"),
        ("Nanqiao19930504", "own"),
    ],
)
def test_what_is_guessed_is_refused(password: str, why: str) -> None:
    assert find_password_weakness(password, KNOWN) == why


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        DEMO,
        "another-long-one-7",
        "correct horse battery staple",
        "苹果汽车雨天三只猫跑步",
        "k7mq-4x2p-9hbd-3ncw",
        "mongoose-velvet-7-thunder-" + "x9!kq" * 20,
    ],
)
def test_what_is_not_passes(password: str) -> None:
    assert find_password_weakness(password, KNOWN) == ""


def test_length_and_words_in_both_languages() -> None:
    for language, short, weak in (
        ("en", "at least 12 characters", "repeats itself"),
        ("zh-hans", "12", "重复"),
    ):
        with translation.override(language):
            for password, says in (("k7mq-4x2p-9", short), ("wug7wug7wug7", weak)):
                with pytest.raises(ValidationError) as refusal:
                    validate_password(password)
                assert says in " ".join(refusal.value.messages), language
    with translation.override("zh-hans"):
        assert all(translation.gettext(text) != text for text in WEAKNESS_MESSAGES.values())
    validate_password(PASSWORD)


def test_what_everybody_knows_of_a_person() -> None:
    user = User(pk=1, username="lin", email="xiulan@hospital.example")
    user._staff = Staff(
        user=user,
        name="林秀兰",
        hospital=Hospital(
            code="nanqiao", name_zh="南桥镇卫生院", name_en="Nanqiao Township Hospital"
        ),
    )
    assert {
        "lin",
        "xiulan",
        "林秀兰",
        "linxiulan",
        "lxl",
        "nanqiao",
        "nanqiaozhenweishengyuan",
        "Township",
    } <= set(collect_guessable_words(user))
    assert (
        find_password_weakness("linxiulan-lxl2", collect_guessable_words(user)) == "own"
        and find_password_weakness("linxiulan-lxl2", []) == ""
    )
