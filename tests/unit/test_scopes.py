"""SMART scopes beside a plain model of them: a set of (letter, type) pairs over the types that a
test names and one that nobody names.
"""

import random

import pytest

from alliance.auth import scopes
from alliance.auth.scopes import (
    BadScope,
    ScopeGrant,
    ScopeNeed,
    covers_grant,
    grant_requested_scopes,
    intersect_grants,
    parse_scopes,
)

TYPES = ("Patient", "Observation", "Encounter")
OTHER = "Basic"  # stands for every type that no scope names
Model = frozenset[tuple[str, str]]


def draw(rng: random.Random) -> str:
    words = []
    for _ in range(rng.randint(1, 4)):
        letters = "".join(x for x in "cruds" if rng.random() < 0.5) or "r"
        kind, may = rng.choice((*TYPES, "*")), (letters, letters, "read", "write", "*")
        words.append(f"system/{kind}.{rng.choice(may)}")
    return " ".join(words)


def model(text: str) -> Model:
    """What the words mean, one pair after the other."""
    out = set()
    for word in text.split():
        name, letters = word.removeprefix("system/").split(".")
        letters = {"read": "rs", "write": "cud", "*": "cruds"}.get(letters, letters)
        out |= {(x, t) for x in letters for t in ((*TYPES, OTHER) if name == "*" else (name,))}
    return frozenset(out)


def told(grant: ScopeGrant) -> Model:
    return frozenset((x, t) for t in (*TYPES, OTHER) for x in grant.letters_for(t))


@pytest.mark.parametrize("seed", range(300))
def test_scopes_mean_what_the_model_says(seed: int) -> None:
    rng = random.Random(seed)
    a, b = draw(rng), draw(rng)
    one, two = parse_scopes(a, TYPES), parse_scopes(b, TYPES)
    assert told(one) == model(a) and parse_scopes(str(one)) == one, "written and read again"
    assert (one == two) == (model(a) == model(b)), "two that allow the same are equal"
    assert told(intersect_grants(one, two)) == model(a) & model(b) and intersect_grants(
        one, two
    ) == intersect_grants(two, one)
    assert covers_grant(one, two) == (model(b) <= model(a))
    for letters in ("r", "s", "rs", "cu"):
        found = one.types_for(letters)
        assert (found is None) == all((x, OTHER) in model(a) for x in letters)
        for t in TYPES:
            assert (
                one.allows(letters, t)
                == (found is None or t in found)
                == all((x, t) in model(a) for x in letters)
            )
            assert (one.missing_scopes(ScopeNeed(letters, (t,))) == "") == one.allows(letters, t)
        anything = any(all((x, t) in model(a) for x in letters) for t in (*TYPES, OTHER))
        assert (one.missing_scopes(ScopeNeed(letters)) == "") == anything
    try:
        grant, said = grant_requested_scopes(a, two, TYPES)
    except BadScope as error:
        assert not model(a) & model(b) and str(two) in str(error)
    else:
        assert (
            told(grant) == model(a) & model(b) and model(said) == model(a) & model(b) != frozenset()
        )


def test_granted_as_asked_or_narrower() -> None:
    reading = parse_scopes("system/*.rs")
    assert (
        grant_requested_scopes("system/*.read", scopes.FULL_GRANT, TYPES)[1] == "system/*.read"
    ), "in the words that it was asked for"
    assert (
        grant_requested_scopes("system/Patient.* system/Observation.rs", reading, TYPES)[1]
        == "system/Patient.rs system/Observation.rs"
    )
    assert (
        grant_requested_scopes(
            "system/Patient.cruds", parse_scopes("system/Patient.r system/*.s"), TYPES
        )[1]
        == "system/Patient.rs"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("foo", "foo"),
        ("system/Patient.sr", "in this order"),
        ("system/Patient.", "not known"),
        ("system/Patient.rr", "not known"),
        ("system/Patient.x", "not known"),
        ("system/Patient", "not known"),
        ("patient/Patient.rs", "patient/Patient.rs"),
        ("user/*.read", "not known"),
        ("system/*.readwrite", "not known"),
        ("launch", "not known"),
        ("System/Patient.rs", "not known"),
        ("system/Foo.rs", "not hosted"),
        ("system/Observation.rs?category=laboratory", "ask for system/Observation.rs"),
        ("system/Patient.rs nonsense", "nonsense"),
        ('system/"Patient".rs', "system/?Patient?.rs"),
        ("系统/Patient.rs", "??/Patient.rs"),
    ],
)
def test_what_is_no_scope_is_named(text: str, says: str) -> None:
    with pytest.raises(BadScope) as error:
        parse_scopes(text, TYPES)
    assert (
        says in str(error.value) and str(error.value).isascii() and '"' not in str(error.value)
    ), "RFC 6749 5.2: error_description is ASCII without quotes"
    assert parse_scopes("system/Patient.rs", TYPES)


def test_what_nobody_has_stated_takes_everything() -> None:
    assert scopes.FULL_GRANT.missing_scopes(None) == "" and parse_scopes(
        "system/*.rs"
    ).missing_scopes(None) == "system/*.cruds" == parse_scopes(
        "system/Patient.cruds"
    ).missing_scopes(None)
    assert parse_scopes("system/Patient.c").missing_scopes(scopes.NO_SCOPE_NEED) == ""
