"""New rules over an index that is there: first shown, then made so, then undone; humans'
decisions stand, and persons keep their ids.
"""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from records.models import Decision, MatchModel, Review, SourcePatient
from records.mpi.curation.decisions import do_call_different, do_join_persons, do_undo_decision
from records.mpi.index import rule_change
from records.mpi.index.active_model import forget_active_model, get_active_model
from records.mpi.matching.linkage_model import model_content, release_model, write_model_file
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_patient, make_unique_name


@pytest.fixture
def lenient(tmp_path: Path) -> Any:
    """A model to which one name and birth date are enough for nothing, but a phone is
    everything.
    """
    table = {f: dict(rows) for f, rows in release_model().table.items()}
    table["phone"] = {**table["phone"], "same": (0.9, 1e-9, 1e-9, 1e-9, 1e-9)}
    table["address"] = {**table["address"], "same": (1e-12, 0.9, 0.9, 0.9, 0.9)}
    made = replace(release_model(), version="test-phone", table=table)
    write_model_file(made, tmp_path / "model.json")
    yield made, tmp_path / "model.json"
    MatchModel.objects.all().delete()
    forget_active_model()


def command(*words: str) -> str:
    out = StringIO()
    call_command("mpi_rules", *words, stdout=out)
    return out.getvalue()


def test_shown_applied_undone(server: str, lenient: Any, tmp_path: Path) -> None:
    _, path = lenient
    at = [alliance.make_hospital("one"), alliance.make_hospital("two")]
    apis = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in at]
    phone = {"telecom": [{"system": "phone", "value": "13511112222"}]}
    home = {"address": [{"text": "湖南省长沙市岳麓区湘雅家园13栋2单元3002室"}]}
    joining, parting, firm, different = (
        make_unique_name(),
        make_unique_name(),
        make_unique_name(),
        make_unique_name(),
    )
    far = {"telecom": [{"system": "phone", "value": "13511113333"}]}
    rows: dict[str, list[SourcePatient]] = {}
    for name, one, two in (
        (
            joining,
            make_patient("Marianne Kowalczyk", "1961-05-07") | phone,
            make_patient("Marianne Fitzgerald", "1961-05-07") | phone,
        ),
        (parting, make_patient(parting) | home, make_patient(parting) | home),
        (firm, make_patient(firm) | home, make_patient(firm) | home),
        (
            different,
            make_patient(different, "1961-01-02") | far,
            make_patient(different, "1961-12-02") | far,
        ),
    ):
        made = [api.create(x) for api, x in zip(apis, (one, two), strict=True)]
        rows[name] = [
            SourcePatient.objects.get(hospital=h, fhir_id=m.split("/")[1])
            for h, m in zip(at, made, strict=True)
        ]

    def together(name: str) -> bool:
        return (
            len(
                set(
                    SourcePatient.objects.filter(pk__in=[r.pk for r in rows[name]]).values_list(
                        "person", flat=True
                    )
                )
            )
            == 1
        )

    curator = alliance.get_staff_principal(alliance.make_staff(at[0], Role.CLERK, wide=True))
    do_join_persons(
        *(r.pk for r in rows[firm]), acting=curator, others=[alliance.make_alliance_curator()]
    )
    do_call_different(*(r.pk for r in rows[different]), acting=curator)
    before = {name: together(name) for name in rows}
    assert before == {joining: False, parting: True, firm: True, different: False}
    said = command("--model", str(path), "--out", str(tmp_path / "changes.csv"))
    assert (
        "nothing was changed" in said
        and {name: together(name) for name in rows} == before
        and get_active_model().version == "family-3"
    )
    changes = (tmp_path / "changes.csv").read_text()
    assert all(
        f"{r.hospital.code},{r.fhir_id}" in changes
        for name in (joining, parting)
        for r in rows[name]
    )
    assert all(r.fhir_id not in changes for name in (firm, different) for r in rows[name])
    ids = dict(SourcePatient.objects.values_list("pk", "person_id"))
    command("--model", str(path), "--apply")
    try:
        assert {name: together(name) for name in rows} == {
            joining: True,
            parting: False,
            firm: True,
            different: False,
        }, "what humans decided stands"
        assert get_active_model().version == "test-phone"
        decision = Decision.objects.filter(verb="rules").latest("pk")
        assert decision.by == "rule/test-phone"
        clerk = alliance.get_staff_principal(alliance.make_staff(at[0], Role.CLERK))
        with pytest.raises(Forbidden):
            do_undo_decision(decision.pk, acting=clerk, note="test")
    finally:
        do_undo_decision(
            Decision.objects.filter(verb="rules").latest("pk").pk, acting=curator, note="test"
        )
    assert dict(SourcePatient.objects.values_list("pk", "person_id")) == ids, (
        "all persons are what they were"
    )
    assert {name: together(name) for name in rows} == before


def test_a_rule_may_link_again_what_later_rules_parted(server: str, lenient: Any) -> None:
    model, _ = lenient
    at = [alliance.make_hospital("one"), alliance.make_hospital("two")]
    apis = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in at]
    name, card = make_unique_name(), make_citizen_number("19580312")
    made = [api.create(make_patient(name, resident=card)) for api in apis]
    pair = sorted(
        SourcePatient.objects.filter(fhir_id__in=[m.split("/")[1] for m in made], hospital__in=at),
        key=lambda s: s.pk,
    )
    rule_change.do_apply_rule_change(
        rule_change.RuleChangePlan(2, 1, apart=[(pair[0].pk, pair[1].pk)]),
        model,
        acting=alliance.OPERATOR,
    )
    assert len({SourcePatient.objects.get(pk=s.pk).person_id for s in pair}) == 2
    assert (
        apis[1](
            "PUT",
            made[1],
            make_patient(name, resident=card)
            | {
                "id": made[1].split("/")[1],
                "telecom": [{"system": "phone", "value": "13512344321"}],
            },
        ).status
        == 200
    )
    assert len(
        {SourcePatient.objects.get(pk=s.pk).person_id for s in pair}
    ) == 1 and not Review.objects.filter(one=pair[0], state="open")


def test_what_a_human_decides_while_the_plan_is_made_stands(server: str, lenient: Any) -> None:
    model, _ = lenient
    at = alliance.make_hospital("one")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    one, two, three, four = (
        SourcePatient.objects.get(
            hospital=at, fhir_id=api.create(make_patient(make_unique_name())).split("/")[1]
        ).pk
        for _ in range(4)
    )
    curator = alliance.get_staff_principal(alliance.make_staff(at, Role.CLERK, wide=True))
    do_join_persons(one, two, acting=curator, others=[alliance.make_alliance_curator()])
    do_call_different(three, four, acting=curator)
    rule_change.do_apply_rule_change(
        rule_change.RuleChangePlan(4, 3, apart=[(one, two)], same=[(three, four), (two, three)]),
        model,
        acting=alliance.OPERATOR,
    )
    now = {i: SourcePatient.objects.get(pk=i).person_id for i in (one, two, three, four)}
    assert now[one] == now[two] == now[three] != now[four], (
        "and the control: what no human has said is linked"
    )


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(model_content(release_model()) | {"more": 1}))
    for path in (tmp_path / "x.json", tmp_path / "none.json"):
        with pytest.raises(CommandError):
            command("--model", str(path))
