"""A code that was typed wrong is noticed before anybody looks it up."""

import random

import pytest

from alliance.services.enrolment_code import (
    ALPHABET,
    LENGTH,
    MistypedCode,
    hash_code,
    make_code,
)
from alliance.services.sandboxes import CODE_LENGTH, propose_codes

RNG = random.Random(64)


def bare(code: str) -> str:
    return code.replace("-", "")


def fault(typed: str) -> MistypedCode:
    with pytest.raises(MistypedCode) as caught:
        hash_code(typed)
    return caught.value


def test_a_code_is_found_however_it_is_typed() -> None:
    code = make_code()
    assert [len(group) for group in code.split("-")] == [4] * 6
    for typed in (code.lower(), bare(code), f" {code} ", code.replace("-", "–")):
        assert hash_code(typed) == hash_code(code)
    assert hash_code(make_code()) != hash_code(code)


def test_each_single_wrong_character_is_located() -> None:
    code = bare(make_code())
    for place in range(LENGTH):
        for wrong in ALPHABET.replace(code[place], ""):
            typed = code[:place] + wrong + code[place + 1 :]
            assert fault(typed).group == place // 4 + 1


def test_any_two_wrong_characters_are_noticed() -> None:
    for _ in range(2000):
        code = list(bare(make_code()))
        one, two = RNG.sample(range(LENGTH), 2)
        typed = code.copy()
        typed[one], typed[two] = RNG.choice(ALPHABET), RNG.choice(ALPHABET)
        if typed != code:
            fault("".join(typed))


def test_two_swapped_characters_are_noticed() -> None:
    code = bare(make_code())
    for place in range(LENGTH - 1):
        typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        if typed != code:
            fault(typed)


@pytest.mark.parametrize(("typed", "length"), [("", 0), ("A" * 23, 23), ("A" * 25, 25)])
def test_what_has_another_length_is_told_so(typed: str, length: int) -> None:
    assert (fault(typed).length, fault(typed).group) == (length, 0)


def test_a_character_that_no_code_has_is_located() -> None:
    assert fault("UAAA" + "A" * 20).group == 1
    assert fault("A" * 23 + "码").group == 6


def test_codes_of_sandboxes_fit_and_differ() -> None:
    long, longer = "a-hospital-with-a-very-long-cod", "a-hospital-with-a-very-long-code"
    found = [next(propose_codes(code)) for code in ("nanqiao", long, longer)]
    assert found[0] == "nanqiao-sandbox" and len(set(found)) == 3
    assert all(len(code) <= CODE_LENGTH and code.endswith("-sandbox") for code in found)
    several = propose_codes("nanqiao")
    assert len({next(several) for _ in range(5)}) == 5
