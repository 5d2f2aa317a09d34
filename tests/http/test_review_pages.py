"""Pairs for review, over HTTP: an opinion counts on what its curator saw, each pair has its own
address, and a warned one offers no quick yes.
"""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from alliance.roles import Role
from records.models import Opinion, Review, SourcePatient
from records.mpi.curation.decisions import do_join_persons
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_patient,
    make_phone,
    make_reached,
    make_unique_name,
)
from tests.support.browser import signed_in


class Pair:
    """Two registrations of one name and birth date at two hospitals: for a human, though nothing
    contradicts them.
    """

    def __init__(self, server: str, **more: Any) -> None:
        self.at = [alliance.make_hospital("left"), alliance.make_hospital("right")]
        self.apis = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in self.at]
        self.body = make_patient(make_unique_name()) | more
        self.references = [api.create(self.body) for api in self.apis]
        self.rows = [
            SourcePatient.objects.get(hospital=h, fhir_id=r.split("/")[1])
            for h, r in zip(self.at, self.references, strict=True)
        ]
        self.review = Review.objects.get(one=self.rows[0], two=self.rows[1])
        self.curator = alliance.make_staff(self.at[0], Role.CLERK)
        self.web = signed_in(self.curator)
        self.path = f"/reviews/{self.review.pk}/"

    def basis(self) -> str:
        found = re.search(
            r'name="basis" value="([0-9a-f]+)"', self.web.get(self.path).content.decode()
        )
        assert found
        return found[1]

    def say(self, basis: str, verdict: str = "same") -> Any:
        return self.web.post(f"{self.path}verdict/", {"verdict": verdict, "basis": basis})

    def opinions(self) -> int:
        return Opinion.objects.filter(review=self.review).count()

    def put(self, **more: Any) -> None:
        assert (
            self.apis[1](
                "PUT",
                self.references[1],
                self.body | more | {"id": self.references[1].split("/")[1]},
            ).status
            == 200
        )


@pytest.fixture
def pair(server: str) -> Pair:
    return Pair(server)


def test_name_sex_and_birth_date_alone_are_asked_about(pair: Pair) -> None:
    assert (
        "held:sole_sign" in pair.review.reasons and pair.rows[0].person_id != pair.rows[1].person_id
    )


@pytest.mark.parametrize("change", ["phone", "person", "card", "no basis"])
def test_what_changed_while_the_page_was_open_is_shown_again_before_an_opinion_counts(
    pair: Pair, change: str
) -> None:
    basis = pair.basis()
    if change == "phone":
        pair.put(telecom=[{"system": "phone", "value": make_phone("137")}])
    elif change == "person":
        other = SourcePatient.objects.get(
            hospital=pair.at[1],
            fhir_id=pair.apis[1]
            .create(make_patient(make_unique_name(), "1930-02-03"))
            .split("/")[1],
        )
        do_join_persons(
            pair.rows[1].pk,
            other.pk,
            acting=alliance.get_staff_principal(
                alliance.make_staff(pair.at[1], Role.CLERK, wide=True)
            ),
            others=[alliance.make_alliance_curator()],
        )
    elif change == "card":
        SourcePatient.objects.filter(pk=pair.rows[1].pk).update(confirmed=True)
    answer = pair.say("" if change == "no basis" else basis)
    assert (answer.status_code, answer["Location"], pair.opinions()) == (302, pair.path, 0)
    again = pair.web.get(pair.path).content.decode()
    assert "本次未作判定" in again or "nothing was decided" in again
    assert pair.say(pair.basis(), "different").status_code == 302 and pair.opinions() == 1


def test_what_was_sent_again_unchanged_is_no_change(pair: Pair) -> None:
    basis = pair.basis()
    pair.put()
    pair.say(basis, "different")
    assert pair.opinions() == 1


def test_a_write_that_is_not_yet_committed_is_waited_for(pair: Pair) -> None:
    basis, changing, go = pair.basis(), threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                SourcePatient.objects.filter(pk=pair.rows[1].pk).update(confirmed=True)
                changing.set()
                go.wait(30)
        finally:
            connection.close()

    def opine() -> Any:
        try:
            return pair.say(basis, "different")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        assert changing.wait(30)
        said = pool.submit(opine)
        with pytest.raises(TimeoutError):
            said.result(1)
        go.set()
        writing.result(30)
        assert said.result(30)["Location"] == pair.path and pair.opinions() == 0


def test_each_pair_has_its_own_address_before_and_after_it_is_decided(pair: Pair) -> None:
    name = pair.rows[0].name
    assert 'data-key="1"' in pair.web.get(pair.path).content.decode()
    assert pair.say("", "later")["Location"].startswith("/reviews/next/"), (
        "on to the next one, at its address"
    )
    assert name in pair.web.get(pair.path).content.decode()
    other = signed_in(alliance.make_staff(pair.at[1], Role.CLERK))
    taken = other.get(pair.path)
    assert (
        taken.status_code == 200
        and name in taken.content.decode()
        and "data-key" not in taken.content.decode()
    ), "another curator has it: to read only"
    while Review.objects.get(pk=pair.review.pk).state == "open":
        who = pair if not pair.opinions() else None
        if who:
            pair.say(pair.basis(), "different")
        else:  # drawn by lot: a second one is asked
            found = re.search(
                r'name="basis" value="([0-9a-f]+)"', other.get(pair.path).content.decode()
            )
            assert found
            other.post(f"{pair.path}verdict/", {"verdict": "different", "basis": found[1]})
    shown = pair.web.get(pair.path)
    assert (
        shown.status_code == 200
        and name in shown.content.decode()
        and "data-key" not in shown.content.decode()
    )


def test_what_the_page_warns_of_is_no_main_button(server: str, pair: Pair) -> None:
    button = re.compile(r'<button([^>]*)name="verdict" value="same"')
    plain = button.search(pair.web.get(pair.path).content.decode())
    assert plain and "main" in plain[1], "the control: nothing speaks against it"
    reached = make_reached("137")
    name = make_unique_name()
    marked = [
        api.create(make_patient(f"{name}{mark}") | reached)
        for api, mark in zip(pair.apis, "12", strict=True)
    ]
    rows = [
        SourcePatient.objects.get(hospital=h, fhir_id=r.split("/")[1])
        for h, r in zip(pair.at, marked, strict=True)
    ]
    asked = Review.objects.get(one=rows[0], two=rows[1])
    assert "held:marked_name" in asked.reasons and rows[0].person_id != rows[1].person_id
    warned = button.search(pair.web.get(f"/reviews/{asked.pk}/").content.decode())
    assert warned and "main" not in warned[1]
