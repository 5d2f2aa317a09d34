"""Persons and comparisons in short, for the tests of who is not joined by a rule."""

from typing import Any

from records.mpi.matching.profile import Demographics, Profile, build_profile
from records.mpi.matching.rules.resident_number import check_digit


def card(first: str) -> str:
    return first + check_digit(first)


def person(key: str, name: str, born: str, hospital: str = "H", **more: Any) -> Profile:
    return build_profile(
        Demographics(name=name, gender="female", birth=born, registered="2026-01-01", **more),
        key,
        hospital,
    )
