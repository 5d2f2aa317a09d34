"""A ward of registrations about which people decide."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from records.models import Decision, PatientIdentifier, Review, SourcePatient
from records.mpi.curation.decisions import (
    do_call_different,
    do_confirm_card,
    do_correct_number,
    do_join_persons,
    do_split_person,
)
from records.mpi.index.number_correction import NumberCorrection
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_patient, make_unique_name

State = tuple[Any, ...]


class Ward:
    """Some registrations of strangers at two hospitals, and a curator for the whole alliance."""

    def __init__(self, server: str, many: int) -> None:
        at = [alliance.make_hospital("one"), alliance.make_hospital("two")]
        apis = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in at]
        self.numbers = [make_citizen_number("19580312") for _ in range(many)]
        made = [
            apis[i % 2].create(make_patient(make_unique_name(), resident=n)).split("/")[1]
            for i, n in enumerate(self.numbers)
        ]
        self.ids = [
            SourcePatient.objects.get(fhir_id=m, hospital__code=apis[i % 2].base).pk
            for i, m in enumerate(made)
        ]
        self.hospitals, self.apis = at, apis
        self.curator = alliance.get_staff_principal(
            alliance.make_staff(at[0], Role.CLERK, wide=True)
        )

    def clerk(self, at: Hospital, wide: bool = False) -> Principal:
        return alliance.get_staff_principal(alliance.make_staff(at, Role.CLERK, wide=wide))

    def persons(self) -> dict[int, Any]:
        return dict(SourcePatient.objects.filter(pk__in=self.ids).values_list("pk", "person_id"))

    def state(self) -> State:
        rows = SourcePatient.objects.filter(pk__in=self.ids).order_by("pk")
        numbers = sorted(
            (s, k, bytes(d))
            for s, k, d in PatientIdentifier.objects.filter(source__in=self.ids).values_list(
                "source_id", "kind", "digest"
            )
        )
        corrections = [s.correction and NumberCorrection.decrypt(s.correction, s.pk) for s in rows]
        pairs = sorted(
            Review.objects.filter(one__in=self.ids, two__in=self.ids).values_list(
                "one_id", "two_id", "state"
            )
        )
        return self.persons(), [s.confirmed for s in rows], corrections, numbers, pairs

    def verbs(self, rng: random.Random) -> list[Callable[[], Decision | None]]:
        one, two = rng.sample(self.ids, 2)
        mates = [i for i, p in self.persons().items() if p == self.persons()[one]]
        some = rng.sample(mates, rng.randrange(1, len(mates))) if len(mates) > 1 else []
        acting = self.curator

        def join() -> Decision:
            return do_join_persons(
                one, two, acting=acting, others=[alliance.make_alliance_curator()]
            )

        out: list[Callable[[], Decision | None]] = [
            join,
            join,
            lambda: do_call_different(one, two, acting=acting),
            lambda: do_confirm_card(one, acting=acting),
            lambda: do_correct_number(
                one, rng.choice([make_citizen_number("19580312"), ""]), acting=acting
            ),
            lambda: do_split_person(some, acting=acting) if some else None,
        ]
        return out


@pytest.fixture
def ward(server: str) -> Ward:
    return Ward(server, 6)
