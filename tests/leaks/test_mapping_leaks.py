"""The workbench of local codes tells no clerk of a hidden record, and no hospital of another's
patients: the same bytes whether the record is there or not.
"""

import re

import pytest

from alliance.models import Hospital
from alliance.roles import Role
from records.mapping.kinds import MappingKind
from records.mapping.map_table import propose_from_table
from records.mapping.member_maps import take_over_map
from records.mapping.value_profile import FEWEST
from records.models import LocalCode, SourceBrand
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.local_codes import (
    add_patients,
    add_results,
    follow,
    get_code,
    make_local_result,
    map_code,
)
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser

PATHS = (
    "/mapping/",
    "/mapping/?state=all",
    "/mapping/?q=HIV",
    "/mapping/?kind=diagnosis",
    "/mapping/inbox/",
    "/mapping/versions/",
    "/mapping/table/laboratory/csv/",
    "/mapping/table/diagnosis/csv/",
)


# what is another at each look: tokens of forms, seconds of the session
CHANGING = re.compile(r'(?:value|nonce)="[^"]{16,}"|data-left="[^"]*"')


class Small:
    """A hospital of a few patients."""

    def __init__(self, server: str) -> None:
        self.at: Hospital = alliance.make_hospital("small")
        self.api = Api(server, self.at.code, credentials=alliance.make_credentials(self.at))
        self.patients = add_patients(self.api, FEWEST)
        add_results(self.api, self.patients)
        follow(self.at)
        self.clerk: Browser = signed_in(alliance.make_staff(self.at, Role.CLERK))

    def seen(self, by: Browser | None = None) -> list[str]:
        pages = [(by or self.clerk).get(p, headers=ENGLISH) for p in PATHS]
        assert {p.status_code for p in pages} == {200}
        return [CHANGING.sub("", p.content.decode()) for p in pages]

    def hide(self) -> None:
        """A record that the clerk must not learn of."""
        self.api.create(make_local_result(self.patients[0], self.at.code, "HIV1", "HIV 确证"))
        self.api.create(
            {
                "resourceType": "Condition",
                "code": {"text": "HIV 感染"},
                "subject": {"reference": self.patients[0]},
            }
        )
        follow(self.at)


@pytest.fixture
def small(server: str) -> Small:
    return Small(server)


def test_a_hidden_record_changes_no_byte(small: Small) -> None:
    before = small.seen()
    small.hide()
    assert LocalCode.objects.filter(hospital=small.at).count() == 3
    assert small.seen() == before
    add_results(small.api, small.patients)
    follow(small.at)
    assert small.seen() != before, "the control: what five patients have is counted"


def test_the_address_of_a_hidden_code_answers_as_one_that_never_was(small: Small) -> None:
    small.hide()
    hidden = get_code(small.at, "HIV1")
    shown = get_code(small.at)
    for verb, path in (("get", "/mapping/{}/"), ("post", "/mapping/{}/propose/")):
        there = getattr(small.clerk, verb)(path.format(hidden.pk))
        never = getattr(small.clerk, verb)(path.format(10**9))
        assert there.status_code == never.status_code == 404
    assert small.clerk.get(f"/mapping/{shown.pk}/").status_code == 200, "the control"


def test_a_table_does_not_tell_which_codes_records_have(small: Small) -> None:
    small.hide()
    system = get_code(small.at).system
    acting = alliance.get_staff_principal(alliance.make_staff(small.at, Role.CLERK))
    answers = [
        propose_from_table(
            f"system,code,text,target_code\n{system},{code},某项,718-7".encode(),
            MappingKind.LABORATORY,
            acting=acting,
        )
        for code in ("HIV1", "NEVER")
    ]
    assert answers[0] == answers[1] and answers[0].proposed == 1


def test_taking_over_a_map_does_not_tell_which_codes_records_have(server: str) -> None:
    giver, have, lack = Small(server), Small(server), Small(server)
    giver.hide()
    map_code(giver.at, get_code(giver.at, "HIV1"), "5195-3")
    have.hide()
    for each in (giver, have, lack):
        SourceBrand.objects.create(hospital=each.at, source="lis", brand="LIS 5")
    taken = [
        take_over_map(
            giver.at,
            MappingKind.LABORATORY,
            acting=alliance.get_staff_principal(alliance.make_staff(at, Role.CLERK)),
        )
        for at in (have.at, lack.at)
    ]
    assert taken[0] == taken[1] and taken[0].proposed == 1


def test_another_hospital_learns_nothing_of_these_patients(small: Small, server: str) -> None:
    other = Small(server)
    code = get_code(other.at)
    path = f"/mapping/{code.pk}/?target=http://loinc.org|1742-6"

    def seen() -> list[str]:
        page = other.clerk.get(path, headers=ENGLISH).content.decode()
        return [*other.seen(), CHANGING.sub("", page)]

    before = seen()
    small.hide()
    add_results(small.api, small.patients, each=7)
    follow(small.at)
    assert seen() == before
