"""Terminology operations with what a store has loaded, and the search modifiers that ask it."""

from typing import Any

import pytest

from tests.factories.fhir import Api, make_observation, make_patient

CS, VS, CM = "http://his.example/cs", "http://his.example/vs", "http://his.example/cm"


@pytest.fixture
def loaded(api: Api) -> Api:
    tree = [
        {
            "code": "dm",
            "display": "Diabetes",
            "designation": [{"language": "zh-CN", "value": "糖尿病"}],
            "concept": [
                {
                    "code": "dm1",
                    "display": "Type 1",
                    "property": [{"code": "severity", "valueCode": "high"}],
                },
                {
                    "code": "dm2",
                    "display": "Type 2",
                    "definition": "The common one.",
                    "concept": [{"code": "dm2n", "display": "Type 2 with nephropathy"}],
                },
            ],
        },
        {"code": "ht", "display": "Hypertension"},
    ]
    api.create(
        {
            "resourceType": "CodeSystem",
            "status": "active",
            "content": "complete",
            "url": CS,
            "version": "1",
            "title": "诊断",
            "concept": tree,
        }
    )
    api.create(
        {
            "resourceType": "ValueSet",
            "status": "active",
            "url": VS,
            "compose": {
                "include": [
                    {
                        "system": CS,
                        "filter": [{"property": "concept", "op": "is-a", "value": "dm"}],
                    },
                    {"system": "urn:other", "concept": [{"code": "x", "display": "Other"}]},
                ],
                "exclude": [{"system": CS, "concept": [{"code": "dm1"}]}],
            },
        }
    )
    api.create(
        {
            "resourceType": "ConceptMap",
            "status": "active",
            "url": CM,
            "group": [
                {
                    "source": CS,
                    "target": "urn:icd",
                    "element": [
                        {
                            "code": "dm2",
                            "target": [
                                {"code": "E11", "display": "2型糖尿病", "equivalence": "equivalent"}
                            ],
                        },
                        {"code": "ht", "target": [{"equivalence": "unmatched"}]},
                    ],
                }
            ],
        }
    )
    return api


def value(reply: Any, name: str) -> Any:
    assert reply.status == 200, reply.body
    found = [p for p in reply.json["parameter"] if p["name"] == name]
    return next(v for k, v in found[0].items() if k.startswith("value")) if found else None


def codes(reply: Any) -> list[str]:
    assert reply.status == 200, reply.body
    return [c["code"] for c in reply.json["expansion"].get("contains", [])]


def test_expand(loaded: Api) -> None:
    whole = loaded("GET", f"ValueSet/$expand?url={VS}")
    assert (
        codes(whole) == ["dm", "dm2", "dm2n", "x"]
        and whole.json["expansion"]["total"] == 4
        and "compose" not in whole.json
    )
    assert codes(loaded("GET", f"ValueSet/$expand?url={VS}&filter=nephro type")) == ["dm2n"]
    page = loaded("GET", f"ValueSet/$expand?url={VS}&count=2&offset=1").json["expansion"]
    assert [c["code"] for c in page["contains"]] == ["dm2", "dm2n"] and page["total"] == 4
    assert (
        loaded("GET", f"ValueSet/$expand?url={VS}&displayLanguage=zh").json["expansion"][
            "contains"
        ][0]["display"]
        == "糖尿病"
    )
    posted = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "valueSet",
                "resource": {
                    "resourceType": "ValueSet",
                    "status": "draft",
                    "compose": {
                        "include": [{"valueSet": [VS]}],
                        "exclude": [{"system": "urn:other", "concept": [{"code": "x"}]}],
                    },
                },
            }
        ],
    }
    assert codes(loaded("POST", "ValueSet/$expand", posted)) == ["dm", "dm2", "dm2n"]


@pytest.mark.parametrize(
    ("compose", "status", "says"),
    [
        ({"include": [{"system": "urn:unknown"}]}, 422, "code system urn:unknown is not loaded"),
        ({"include": [{"valueSet": ["urn:none"]}]}, 422, "value set urn:none is not loaded"),
        (
            {
                "include": [
                    {
                        "system": CS,
                        "filter": [{"property": "x", "op": "generalizes", "value": "dm"}],
                    }
                ]
            },
            400,
            "filter generalizes is not served",
        ),
        (
            {
                "include": [
                    {
                        "system": CS,
                        "filter": [{"property": "code", "op": "regex", "value": "(d+)+m"}],
                    }
                ]
            },
            400,
            "repeats repeats",
        ),
        ({"include": [{"valueSet": ["urn:circle"]}]}, 413, "in a circle"),
    ],
)
def test_what_cannot_be_expanded(loaded: Api, compose: Any, status: int, says: str) -> None:
    loaded.create(
        {
            "resourceType": "ValueSet",
            "status": "active",
            "url": "urn:circle",
            "compose": {"include": [{"valueSet": ["urn:circle"]}]},
        }
    )
    made = loaded.create({"resourceType": "ValueSet", "status": "active", "compose": compose})
    reply = loaded("GET", f"{made}/$expand")
    assert reply.status == status and says in reply.says, reply.body


def test_filters(loaded: Api) -> None:
    def chosen(op: str, name: str, text: str) -> list[str]:
        made = loaded.create(
            {
                "resourceType": "ValueSet",
                "status": "active",
                "compose": {
                    "include": [
                        {"system": CS, "filter": [{"property": name, "op": op, "value": text}]}
                    ]
                },
            }
        )
        return codes(loaded("GET", f"{made}/$expand"))

    assert chosen("descendent-of", "concept", "dm") == ["dm1", "dm2", "dm2n"] and chosen(
        "is-not-a", "concept", "dm"
    ) == ["ht"]
    assert chosen("=", "severity", "high") == ["dm1"] and chosen("exists", "severity", "false") == [
        "dm",
        "dm2",
        "dm2n",
        "ht",
    ]
    assert chosen("in", "code", "ht, dm1") == ["dm1", "ht"] and chosen(
        "regex", "code", "dm[0-9]n?"
    ) == ["dm1", "dm2", "dm2n"]


def test_validate_lookup_subsumes(loaded: Api) -> None:
    assert (
        value(loaded("GET", f"ValueSet/$validate-code?url={VS}&code=dm2&system={CS}"), "result")
        is True
    )
    assert (
        value(loaded("GET", f"ValueSet/$validate-code?url={VS}&code=dm1&system={CS}"), "result")
        is False
    )
    wrong = loaded("GET", f"ValueSet/$validate-code?url={VS}&code=dm2&system={CS}&display=Wrong")
    assert value(wrong, "result") is False and "'Type 2'" in value(wrong, "message")
    assert (
        value(loaded("GET", f"CodeSystem/$validate-code?url={CS}&code=ht"), "display")
        == "Hypertension"
    )
    found = loaded("GET", f"CodeSystem/$lookup?system={CS}&code=dm2")
    assert (value(found, "name"), value(found, "display"), value(found, "definition")) == (
        "诊断",
        "Type 2",
        "The common one.",
    )
    assert (
        value(
            loaded("GET", f"CodeSystem/$lookup?system={CS}&code=dm&displayLanguage=zh-CN"),
            "display",
        )
        == "糖尿病"
    )
    assert (
        loaded("GET", f"CodeSystem/$lookup?system={CS}&code=none").status == 404
        and loaded("GET", "CodeSystem/$lookup?system=urn:none&code=x").status == 404
    )
    assert [
        value(loaded("GET", f"CodeSystem/$subsumes?system={CS}&codeA={a}&codeB={b}"), "outcome")
        for a, b in (("dm", "dm2n"), ("dm2n", "dm"), ("ht", "dm"), ("ht", "ht"))
    ] == ["subsumes", "subsumed-by", "not-subsumed", "equivalent"]


def test_translate(loaded: Api) -> None:
    found = loaded("GET", f"ConceptMap/$translate?url={CM}&system={CS}&code=dm2")
    assert value(found, "result") is True
    [part] = [p["part"] for p in found.json["parameter"] if p["name"] == "match"]
    assert part[1]["valueCoding"] == {"system": "urn:icd", "code": "E11", "display": "2型糖尿病"}
    back = loaded("GET", f"ConceptMap/$translate?url={CM}&system=urn:icd&code=E11&reverse=true")
    assert (
        next(
            p["part"][1]["valueCoding"]["code"]
            for p in back.json["parameter"]
            if p["name"] == "match"
        )
        == "dm2"
    )
    assert (
        value(loaded("GET", f"ConceptMap/$translate?url={CM}&system={CS}&code=ht"), "result")
        is False
    )
    assert value(loaded("GET", f"ConceptMap/$translate?system={CS}&code=none"), "message")


def test_search_asks_the_terminology(loaded: Api) -> None:
    about = loaded.create(make_patient())
    made = {
        c: loaded.create(
            make_observation(about) | {"code": {"coding": [{"system": CS, "code": c}]}}
        )
        for c in ("dm", "dm1", "dm2", "dm2n", "ht")
    }

    def found(query: str) -> set[str]:
        reply = loaded("GET", f"Observation?{query}")
        assert reply.status == 200, reply.body
        return {
            c
            for c, m in made.items()
            if any(e["resource"]["id"] == m.split("/")[1] for e in reply.json.get("entry", []))
        }

    assert found(f"code:in={VS}") == {"dm", "dm2", "dm2n"} and found(f"code:not-in={VS}") == {
        "dm1",
        "ht",
    }
    assert found(f"code:below={CS}|dm2") == {"dm2", "dm2n"} and found(f"code:above={CS}|dm2") == {
        "dm",
        "dm2",
    }
    assert (
        found(f"patient={about}&code:below={CS}|ht") == {"ht"}
        and found(f"code:below={CS}|none") == set()
    )
    has = loaded("GET", f"Patient?_has:Observation:patient:code:in={VS}")
    assert has.json["total"] == 1
    assert (
        loaded("GET", "Observation?code:in=urn:none").status == 404
        and loaded("GET", "Observation?code:below=dm2").status == 400
    )


def test_what_is_asked_wrongly(loaded: Api) -> None:
    assert "no parameter 'colour'" in loaded("GET", "ValueSet/$expand?colour=blue").says
    assert (
        loaded("GET", "ValueSet/$expand").status == 422
        and loaded("GET", f"ValueSet/$validate-code?url={VS}").status == 422
    )
    assert (
        loaded("GET", "Patient/$expand").status == 400
        and loaded("GET", "Patient/$validate-code?code=x").status == 400
    )


def test_a_stranger_has_terminology_of_his_own(loaded: Api, stranger: Api) -> None:
    assert (
        stranger("GET", f"ValueSet/$expand?url={VS}").status == 404
        and loaded("GET", f"ValueSet/$expand?url={VS}").status == 200
    )
    assert stranger("GET", f"ValueSet/$expand?url={VS}", base=loaded.base).status == 404
