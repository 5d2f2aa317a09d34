"""References are found in every form that R4 has, whatever else stands in the list, at every
door (FHIR R4 search.html#reference).
"""

from urllib.parse import quote

import pytest

from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
)
from tests.support.asking import refs

FOREIGN = "https://elsewhere.example/fhir/Patient/9"


def root(api: Api) -> str:
    """The base's own absolute address, as its answers give it."""
    return next(
        str(x["url"]) for x in api("GET", "Basic").json["link"] if x["relation"] == "self"
    ).removesuffix("/Basic")


@pytest.fixture
def about(api: Api) -> str:
    return api.create(make_patient())


@pytest.fixture
def group(api: Api) -> str:
    return api.create({"resourceType": "Group", "type": "person", "actual": True})


def test_a_subject_in_every_form(api: Api, about: str, group: str) -> None:
    mine, theirs = api.create(make_observation(about)), api.create(make_observation(group))
    old = api.create(make_observation(f"{about}/_history/1"))
    away = api.create(make_observation(FOREIGN))
    other = api.create(make_observation(api.create(make_patient())))
    own, one, many = root(api), about.split("/")[1], group.split("/")[1]
    both = sorted((mine, old))
    for query, found in {
        f"subject={about}": both,
        f"subject={one}": both,
        f"subject:Patient={one}": both,
        f"subject:Patient={about}": both,
        f"subject={own}/{about}": both,
        f"subject=https{own[own.index(':') :]}/{about}": both,
        f"patient={about}": both,
        f"patient={one}": both,
        f"patient={own}/{about}": both,
        f"patient:Patient={one}": both,
        f"subject={about}/_history/1": [old],
        f"subject={own}/{about}/_history/1": [old],
        f"subject={about}/_history/2": [],
        f"subject={group}": [theirs],
        f"subject={many}": [theirs],
        f"subject:Group={many}": [theirs],
        f"subject={own}/{group}": [theirs],
        f"subject={about},{group}": [*both, theirs],
        f"subject={one},{many}": [*both, theirs],
        f"subject={own}/{about},{many},{FOREIGN}": [*both, theirs, away],
        f"subject={FOREIGN}": [away],
        f"patient={FOREIGN}": [away],
        f"patient={about},{FOREIGN}": [*both, away],
        f"subject={one}&status=final&code=4548-4": both,
    }.items():
        assert refs(api, f"Observation?{query}") == sorted(found), query
        assert api("GET", f"Observation?{query}&_summary=count").json["total"] == len(found), query
        assert refs(api, f"Observation?has-member.{query}") == [], "the same words in a chain"
    assert other not in refs(api, f"Observation?subject={one},{many}")
    panel = api.create(
        {k: v for k, v in make_observation(about).items() if k != "subject"}
        | {"hasMember": [{"reference": mine}, {"reference": theirs}]}
    )
    for value in (about, one, group, many, f"{own}/{about}", f"{own}/{group},x"):
        assert refs(api, f"Observation?has-member.subject={value}") == [panel], value
        assert refs(
            api, f"Observation?_has:Observation:has-member:code=4548-4&subject={value}"
        ) == ([theirs] if value in (group, many, f"{own}/{group},x") else [mine]), value


def test_other_parameters_and_types_alike(api: Api, about: str) -> None:
    own, one = root(api), about.split("/")[1]
    made = {
        "Condition": {},
        "Procedure": {"status": "completed"},
        "Encounter": {"status": "finished", "class": {"code": "AMB"}},
        "CarePlan": {"status": "active", "intent": "plan"},
    }
    for name, more in made.items():
        found = [api.create({"resourceType": name, "subject": {"reference": about}, **more})]
        for query in (
            f"subject={one}",
            f"subject={own}/{about}",
            f"patient={one}",
            f"patient={about}",
            f"subject:Patient.gender=male&patient={one}",
        ):
            assert refs(api, f"{name}?{query}") == found, (name, query)
    cover = [
        api.create(
            {
                "resourceType": "Coverage",
                "status": "active",
                "beneficiary": {"reference": about},
                "payor": [{"reference": about}],
            }
        )
    ]
    for value in (one, about, f"{own}/{about}"):
        assert (
            refs(api, f"Coverage?beneficiary={value}")
            == cover
            == refs(api, f"Coverage?payor={value}")
            == refs(api, f"Coverage?patient={value}")
        ), value
    visit = refs(api, f"Encounter?patient={one}")[0]
    seen = [api.create(make_observation(about, encounter={"reference": visit}))]
    for value in (
        visit,
        visit.split("/")[1],
        f"{own}/{visit}",
        f"x,{visit}",
        f"{own}/{visit}/_history/1,{visit}",
    ):
        assert refs(api, f"Observation?encounter={value}") == seen, value
    assert (
        len(refs(api, f"?_type=Observation,Condition,Procedure&subject={one}"))
        == 3
        == len(refs(api, f"?_type=Observation,Condition,Procedure&subject={own}/{about},y"))
    )
    assert refs(api, f"Observation?patient={one}&_include=Observation:subject") == sorted(
        [*seen, about]
    )
    assert (
        refs(api, f"Patient/{one}/Observation?encounter={own}/{visit}")
        == seen
        == refs(api, f"{visit}/Observation?subject={one}")
    )


def test_what_no_reference_can_look_like_is_refused_with_the_mend(api: Api, about: str) -> None:
    for value, says in {
        "Patient/": "Type/id, id or an absolute url",
        "patient/x": "Patient/1",
        "x/y/z": "Type/id",
        "?": "Type/id",
        "Patient/a b": "Type/id",
        "#x": "Type/id",
        "Nothing/1": "no resource type",
        "https://": "Type/id",
        f"{root(api)}/metadata": "Type/id",
        f"{about},Organization/1": "never to Organization",
    }.items():
        for key in ("subject", "has-member.subject", "_has:Observation:has-member:subject"):
            reply = api("GET", f"Observation?{key}={quote(value, safe='')}")
            assert reply.status == 400 and says in reply.says, (key, value, reply.body)
        assert (
            api(
                "GET", f"Observation?subject={quote(value, safe='')}", Prefer="handling=lenient"
            ).status
            == 200
        )
    assert (
        "leads to Patient" in api("GET", "Observation?patient=Group/1").says
        and "lead to Organization" in api("GET", "Observation?patient:Organization=1").says
    )


def test_uris_are_asked_as_they_are_written(api: Api) -> None:
    own = root(api)
    made = [
        api.create({"resourceType": "ValueSet", "status": "active", "url": f"{own}/ValueSet/1"})
    ]
    asked = [
        api.create(
            {
                "resourceType": "QuestionnaireResponse",
                "status": "completed",
                "questionnaire": f"{own}/Questionnaire/1|3",
            }
        )
    ]
    assert refs(api, f"ValueSet?url={own}/ValueSet/1") == made
    assert (
        refs(api, f"QuestionnaireResponse?questionnaire={own}/Questionnaire/1")
        == asked
        == refs(api, f"QuestionnaireResponse?questionnaire={own}/Questionnaire/1|3")
    )
    assert refs(api, f"QuestionnaireResponse?questionnaire={own}/Questionnaire/1|4") == [], (
        "another version is another canonical"
    )


def test_identifiers_beside_and_instead_of_an_address(api: Api, about: str) -> None:
    beside = api.create(
        make_observation(about)
        | {"subject": {"reference": about, "identifier": {"system": "urn:x", "value": "L1"}}}
    )
    logical = api.create(
        make_observation(about) | {"subject": {"type": "Patient", "identifier": {"value": "L1"}}}
    )
    group = api.create(
        make_observation(about)
        | {"subject": {"type": "Group", "identifier": {"system": "urn:x", "value": "G"}}}
    )
    panel = api.create(
        make_observation(
            about,
            hasMember=[{"reference": beside}, {"identifier": {"system": "urn:m", "value": "7"}}],
        )
    )
    for key in ("subject", "patient"):
        for value, found in {
            "urn:x|L1": [beside],
            "|L1": [logical],
            "L1": [beside, logical],
            "urn:x|L1,|L1": [beside, logical],
            "urn:y|L1": [],
        }.items():
            assert refs(api, f"Observation?{key}:identifier={value}") == sorted(found), (key, value)
    assert refs(api, "Observation?subject:identifier=urn:x|") == sorted([beside, group])
    assert (
        refs(api, "Observation?subject:identifier=G") == [group]
        and refs(api, "Observation?patient:identifier=G") == []
    ), "a Group is no patient"
    assert (
        refs(api, "Observation?patient:missing=true") == [group]
        and refs(api, "Observation?subject:missing=true") == []
    )
    assert (
        refs(api, "Observation?has-member:identifier=urn:m|7")
        == [panel]
        == refs(api, "Observation?has-member.subject:identifier=urn:x|L1")
    )
    assert "system|value" in api("GET", "Observation?subject:identifier=|").says


def test_conditions_of_conditional_interactions(api: Api, about: str) -> None:
    own, one = root(api), about.split("/")[1]
    seen = api.create(make_observation(about, code="cond"))
    for n, value in enumerate((one, f"{own}/{about}", f"{own}/{about},Group/none")):
        asked = f"code=cond&subject={value}"
        assert (
            api(
                "POST", "Observation", make_observation(about, code="cond"), If_None_Exist=asked
            ).status
            == 200
        ), value
        assert (
            api(
                "PUT", f"Observation?{asked}", make_observation(about, code="cond", value=n)
            ).headers["etag"]
            == f'W/"{n + 2}"'
        ), value
        sent = make_bundle(
            ("POST", "Observation", make_observation(about, code="cond") | {"ifNoneExist": asked})
        )
        for kind in ("transaction", "batch"):
            reply = api("POST", "", sent | {"type": kind})
            assert (
                reply.status == 200 and reply.json["entry"][0]["response"]["status"] == "200 OK"
            ), reply.body
    assert refs(api, f"Observation?code=cond&patient={one}") == [seen], "no twin was made"
    assert (
        api("DELETE", f"Observation?code=cond&subject={own}/{about}").status == 204
        and refs(api, f"Observation?code=cond&patient={one}") == []
    )


def test_the_newest_of_each_code_and_the_compartment(api: Api, about: str, group: str) -> None:
    seen = [api.create(make_observation(about))]
    for value in (about.split("/")[1], about, f"{root(api)}/{about}", f"{about},{group}"):
        assert refs(api, f"Observation/$lastn?subject={value}") == seen, value
    assert api("GET", f"Observation/$lastn?subject={group}").status == 400, "it is about a patient"
    assert (
        refs(api, f"{about}/*") == sorted([*seen, about])
        and refs(api, f"{about}/Observation") == seen
    )


def test_a_person_at_the_shared_base(api: Api) -> None:
    card = make_citizen_number()
    seen = api.create(make_observation(api.create(make_patient(resident=card))))
    person = api("GET", f"Patient?identifier={card}", base="alliance").json["entry"][0]["resource"][
        "id"
    ]
    own = root(api).removesuffix(api.base) + "alliance"
    for query in (
        f"patient={person}",
        f"subject={person}",
        f"subject=Patient/{person}",
        f"subject={own}/Patient/{person}",
        f"subject=Patient/{person},Group/1",
    ):
        reply = api("GET", f"Observation?{query}", base="alliance")
        assert reply.status == 200 and [e["resource"]["id"] for e in reply.json["entry"]] == [
            seen.split("/")[1]
        ], (query, reply.body)
    assert (
        api(
            "GET",
            f"Observation?subject={person},{api.create(make_patient()).split('/')[1]}",
            base="alliance",
        ).status
        == 400
    ), "one person at a time"
