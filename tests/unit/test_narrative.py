"""The XHTML of narratives: what R4 permits passes, what acts, loads or is broken is refused with
its place and a mend.
"""

import time

import pytest

from records.fhir.issues import Problem
from records.fhir.narrative import find_narrative_faults
from records.fhir.structure_check import is_certainly_valid
from records.fhir.validate import validate_resource


def div(inner: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'


@pytest.mark.parametrize(
    "text",
    [
        div("血压 130/80 &lt; 140 &amp; 正常 &#160;&#xA0;"),
        div(
            "<p style='color:red' class='a' id='x' lang='zh' xml:lang='zh'>a</p><br/><!-- note -->"
        ),
        div(
            "<table border='1' cellpadding='2'><caption>x</caption><thead><tr><th colspan='2'"
            " scope='col'>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
        ),
        div(
            "<a href='https://a.example/x'>x</a><a href='#here'>y</a><a"
            " href='mailto:a@b.example'>z</a><a href='Patient/1?a:b'>w</a><a name='here'>v</a>"
        ),
        div("<img src='#pic' alt='x'/>"),
        div("<img src='data:image/png;base64,iVBORw0KGgo='/>"),
        "<h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:b>x</h:b></h:div>",
        div("<![CDATA[<script>]]>"),
    ],
)
def test_formatting_is_taken(text: str) -> None:
    assert find_narrative_faults(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (div("<script>alert(1)</script>"), "<script>"),
        (div("<SCRIPT>x</SCRIPT>"), "<SCRIPT>"),
        (div("<iframe src='https://a.example'/>x"), "<iframe>"),
        (div("<object data='x'/>x"), "<object>"),
        (div("<form><input/></form>x"), "<form>"),
        (div("<link href='https://a.example/a.css'/>x"), "<link>"),
        (div("<font>x</font>"), "<font>"),
        (div("<head/><body>x</body>"), "<head>"),
        (div("<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>x"), "<svg>"),
        (div("<p onclick='x()'>x</p>"), "onclick"),
        (div("<img src='#a' onerror='x()'/>"), "onerror"),
        (div("<p ONCLICK='x()'>x</p>"), "ONCLICK"),
        (div("<a href='javascript:x()'>x</a>"), "address in href"),
        (div("<a href=' jAvA&#10;Script:x()'>x</a>"), "address in href"),
        (div("<a href='&#1;x'>x</a>"), "well-formed"),
        (div("<a href='data:text/html,x'>x</a>"), "address in href"),
        (div("<img src='vbscript:x'/>"), "address in src"),
        (div("<img src='data:image/svg+xml;base64,AAAA'/>"), "address in src"),
        (div("<p style='width:expression(x)'>x</p>"), "style"),
        (div("<p style='background:url(javascript:x)'>x</p>"), "style"),
        (div("<p style='behavior:url(x)'>x</p>"), "style"),
        (div("<p style='w\\69dth:1'>x</p>"), "style"),
        (div("<p xlink:href='x' xmlns:xlink='http://www.w3.org/1999/xlink'>x</p>"), "href"),
        (div("a&nbsp;b"), "&#160;"),
        (div("<p>x"), "well-formed"),
        (div("<p>x</b>"), "well-formed"),
        (div("<br>x"), "well-formed"),
        (div("a & b"), "well-formed"),
        (div("<p a=b>x</p>"), "well-formed"),
        ("血压正常", "well-formed"),
        ("<div>x</div>", "xmlns"),
        ("<p xmlns='http://www.w3.org/1999/xhtml'>x</p>", "xmlns"),
        (div("x") + div("y"), "well-formed"),
        ("<?xml version='1.0'?>" + div("x"), "XML declaration"),
        (div("<?php x ?>x"), "processing"),
        ("<!DOCTYPE div>" + div("x"), "DOCTYPE"),
        ('<!DOCTYPE div [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + div("&x;"), "DOCTYPE"),
        (div(""), "txt-2"),
        (div(" \n <p> </p>"), "txt-2"),
        (div("<br/>"), "txt-2"),
        ("", "well-formed"),
        (div("\ud800"), "Half"),
    ],
)
def test_what_acts_or_is_broken_is_refused(text: str, says: str) -> None:
    found = find_narrative_faults(text)
    assert found and says in " ".join(found)
    assert "etc/passwd" not in str(found) and "alert" not in str(found), (
        "what stands in it is not repeated"
    )


def test_no_entity_is_expanded() -> None:
    bomb = (
        "<!DOCTYPE div [<!ENTITY a 'x'>"
        + "".join(f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 50}'>" for i in range(8))
        + "]>"
        + div("&i;")
    )
    began = time.process_time()
    assert "DOCTYPE" in find_narrative_faults(bomb)[0] and time.process_time() - began < 5
    assert find_narrative_faults(div("<b>" * 20_000 + "x" + "</b>" * 20_000)) == []


BAD = {"status": "generated", "div": div("<script>x</script>")}
GOOD = {"status": "generated", "div": div("<b>x</b>")}
TYPE = {"coding": [{"system": "http://loinc.org", "code": "1"}]}


@pytest.mark.parametrize(
    ("wrap", "place"),
    [
        (lambda n: {"resourceType": "Patient", "text": n}, "Patient.text.div"),
        (
            lambda n: {
                "resourceType": "Patient",
                "contained": [{"resourceType": "Organization", "id": "o", "name": "x", "text": n}],
            },
            "Patient.contained[0].text.div",
        ),
        (
            lambda n: {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": {"resourceType": "Patient", "text": n}}],
            },
            "Bundle.entry[0].resource.text.div",
        ),
        (
            lambda n: {
                "resourceType": "Composition",
                "status": "final",
                "type": TYPE,
                "date": "2026-01-01",
                "author": [{"display": "x"}],
                "title": "x",
                "section": [{"title": "a", "section": [{"title": "b", "text": n}]}],
            },
            "Composition.section[0].section[0].text.div",
        ),
    ],
)
def test_every_narrative_is_looked_at(wrap, place: str) -> None:  # type: ignore[no-untyped-def]
    assert is_certainly_valid(wrap(GOOD)) and validate_resource(wrap(GOOD)), "the control"
    with pytest.raises(Problem) as refused:
        validate_resource(wrap(BAD))
    assert [i.where for i in refused.value.issues] == [place]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"fhir_comments": ["x"]}, "Patient.fhir_comments"),
        ({"name": [{"text": "x", "fhir_comments": ["y"]}]}, "Patient.name[0].fhir_comments"),
        (
            {"birthDate": "2020-01-01", "_birthDate": {"fhir_comments": ["x"]}},
            "Patient._birthDate.fhir_comments",
        ),
        ({"resource_type": "Patient"}, "Patient.resource_type"),
        (
            {"contained": [{"resourceType": "Organization", "name": "x", "fhir_comments": ["x"]}]},
            "Patient.contained[0].fhir_comments",
        ),
        (
            {
                "contained": [
                    {
                        "resourceType": "Encounter",
                        "status": "planned",
                        "class_fhir": {"code": "AMB"},
                    }
                ]
            },
            "Patient.contained[0].class_fhir",
        ),
    ],
)
def test_elements_that_are_not_in_r4_do_not_slip_through(
    more: dict[str, object], place: str
) -> None:
    assert (
        validate_resource(
            {
                "resourceType": "Patient",
                "_gender": {"extension": [{"url": "urn:x", "valueString": "x"}]},
            }
        )
        == "Patient"
    ), "the control"
    with pytest.raises(Problem) as refused:
        validate_resource({"resourceType": "Patient", **more})
    assert place in [i.where for i in refused.value.issues]
