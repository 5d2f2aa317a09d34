"""$recognition-check and $recognition-decision over HTTP: what counts, what does not and why, what
nobody may learn, and what is kept.
"""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.utils import timezone

from consent.audit.event import EventCode
from records.models import RecognitionDecision, RecognitionItem, RecognitionPrompt
from tests.factories import alliance
from tests.factories.fhir import Api, Reply, make_observation
from tests.factories.recognition import (
    asked_item,
    item_code,
    make_item,
    parts,
    qualify,
    value_of,
)
from tests.support.audit_lines import told
from tests.support.world import World, related, w, world_of_two

__all__ = ["w", "world_of_two"]
TODAY = timezone.localdate()  # the day that all here ask for, whatever midnight does
NEUTRAL = "does not mean that there is none elsewhere"


def day_before(days: int) -> str:
    return f"{TODAY - dt.timedelta(days=days)}T08:00:00+08:00"


def put(api: Api, subject: str, item: RecognitionItem, days: int = 2, **more: Any) -> str:
    return api.create(
        make_observation(subject, value=4.1)
        | {"code": item_code(item), "effectiveDateTime": day_before(days)}
        | more
    )


def check(w: World, item: RecognitionItem, **more: str) -> Reply:
    about = {"item": asked_item(item), "date": TODAY.isoformat(), **more}
    query = "&".join(f"{k}={v}" for k, v in about.items())
    path = f"Patient/{w.person}/$recognition-check?{query}"
    return w.ask("GET", path, base="alliance", Accept_Language="en")


def decide(w: World, **given: Any) -> Reply:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": k, "valueBoolean" if isinstance(v, bool) else "valueString": v}
            for k, v in given.items()
        ],
    }
    return w.ask(
        "POST",
        f"Patient/{w.person}/$recognition-decision",
        json.dumps(body).encode(),
        base="alliance",
    )


@pytest.fixture
def item(w: World) -> RecognitionItem:
    """That hospital B is qualified for."""
    made = make_item()
    qualify(w.b, made)
    return made


def test_what_counts_and_what_does_not(w: World, item: RecognitionItem) -> None:
    related(w)
    w.permit()
    hit = put(w.hold, w.at_b, item, code=item_code(item) | {"text": "【全国HR】试验项目"})
    put(w.hold, w.at_b, item, 9)
    put(w.hold, w.at_b, item, 3, status="preliminary")
    put(w.hold, w.at_b, item, 4, status="entered-in-error")
    reply = check(w, item)
    assert reply.status == 200, reply.body
    [one] = parts(reply.json, "item", "hit")
    assert (
        value_of(one, "result").endswith(f"/fhir/{w.b.code}/{hit}")
        if isinstance(value_of(one, "result"), str)
        else value_of(one, "result")["reference"].endswith(f"/fhir/{w.b.code}/{hit}")
    )
    assert value_of(one, "value")["value"] == 4.1
    assert value_of(one, "days-left") == 5 and value_of(one, "own") is False
    [mark] = parts(one, "mark")
    assert mark["extension"][0]["url"] == "urn:xinglin:extension:recognition-mark"
    assert value_of(mark, "applies") is True
    assert w.b.name_en in value_of(one, "quote") or w.b.name_zh in value_of(one, "quote")
    reasons = {value_of(m, "reason") for m in parts(reply.json, "item", "near-miss")}
    assert reasons == {"too-old", "not-final", "withdrawn"}
    before = check(w, item, date=day_before(8)[:10])
    assert value_of(before.json, "item", "hit", "days-left") == 6, "judged at the date asked for"
    stored = w.hold("GET", hit).json
    assert stored["code"]["text"] == "【全国HR】试验项目" and "extension" not in stored


def test_levels_and_qualifications(w: World, item: RecognitionItem) -> None:
    related(w)
    w.permit()
    put(w.hold, w.at_b, item)
    assert parts(check(w, item).json, "item", "hit")
    w.a.tier, w.b.tier = "tertiary", "community"
    w.a.save()
    w.b.save()
    assert value_of(check(w, item).json, "item", "near-miss", "reason") == "direction"
    RecognitionItem.objects.filter(pk=item.pk).update(upward=True)
    assert parts(check(w, item).json, "item", "hit"), "the control: the alliance's rule"
    held = item.qualifications.get()
    held.ends = TODAY - dt.timedelta(days=1)
    held.save()
    assert parts(check(w, item).json, "item", "hit"), "a result from before the lapse counts"
    held.ends = TODAY - dt.timedelta(days=3)
    held.save()
    assert value_of(check(w, item).json, "item", "near-miss", "reason") == "not-qualified"


def test_what_is_hidden_leaves_the_neutral_line_and_nothing_else(
    w: World, item: RecognitionItem
) -> None:
    """Refused, nobody known, and nothing there answer alike."""
    put(w.hold, w.at_b, item)
    refused = check(w, item)
    assert refused.status == 200 and NEUTRAL in refused.body.decode()
    assert not parts(refused.json, "item", "hit") and not parts(refused.json, "item", "near-miss")
    nobody = w.ask(
        "GET",
        f"Patient/{uuid.uuid4()}/$recognition-check?item={asked_item(item)}&date={TODAY}",
        base="alliance",
        Accept_Language="en",
    )
    assert nobody.body == refused.body
    related(w)
    w.permit()
    shown = check(w, item)
    assert parts(shown.json, "item", "hit"), "the control"
    assert NEUTRAL in shown.body.decode(), "the line stands there whatever was found"
    assert not RecognitionPrompt.objects.filter(hospital=w.b, item=item).exists(), (
        "nobody else was told"
    )


def test_a_prompt_is_answered_once(server: str, w: World, item: RecognitionItem) -> None:
    related(w)
    w.permit()
    put(w.hold, w.at_b, item)
    first = check(w, item, department="ICU")
    prompt = value_of(first.json, "item", "prompt")
    version = value_of(first.json, "item", "hit", "version")
    assert value_of(check(w, item).json, "item", "prompt") == prompt, "once a day"
    assert len(told(f"recognition/{prompt}", EventCode.RECOGNITION_PROMPT)) == 1
    assert decide(w, prompt=prompt, decision="adopted", result="x/Observation/y/1").status == 422
    for reason in ({}, {"reason": "fast"}, {"reason": "other", "told": True}, {"reason": "none"}):
        assert decide(w, prompt=prompt, decision="repeated", **reason).status == 422, reason
    kept = {"prompt": prompt, "decision": "adopted", "result": version, "quoted": True, "key": "1"}
    assert decide(w, **kept).status == 201
    assert decide(w, **kept).status == 200, "the same once more"
    assert decide(w, **kept | {"decision": "repeated"}).status == 422
    assert RecognitionDecision.objects.filter(prompt=prompt).count() == 1
    repeated = {"prompt": prompt, "decision": "repeated", "reason": "fast", "told": True}
    assert decide(w, **repeated).status == 201 and decide(w, **repeated).status == 200
    lines = told(f"recognition/{prompt}", EventCode.RECOGNITION_DECIDE)
    assert len(lines) == 2 and all(f"item={item.code}" in x["detail"] for x in lines)
    other = alliance.make_hospital("third")
    api = Api(server, other.code, credentials=alliance.make_credentials(other))
    body = {"resourceType": "Parameters", "parameter": [{"name": "prompt", "valueString": prompt}]}
    reply = api(
        "POST",
        f"Patient/{w.person}/$recognition-decision",
        json.dumps(body).encode(),
        base="alliance",
    )
    assert reply.status == 404, "another hospital's"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("item=2823-3", 400),
        ("item=http://loinc.org|no-such", 404),
        ("item=ITEM&date=2026-13-01", 400),
        ("item=ITEM&patient=1", 400),
        ("item=ITEM&department=%3Cb%3E", 400),
        ("item=ITEM", 200),
    ],
)
def test_what_is_asked_wrongly(world_of_two: World, query: str, status: int) -> None:
    asked = asked_item(make_item())
    reply = world_of_two.ask(
        "GET",
        f"Patient/{world_of_two.person}/$recognition-check?{query.replace('ITEM', asked)}",
        base="alliance",
    )
    assert reply.status == status, reply.body
    own = world_of_two.ask("GET", f"Patient/x/$recognition-check?item={asked}")
    assert own.status == 404, "at the hospital's own base it is not asked"


def put_report(w: World, item: RecognitionItem, days: int, **more: Any) -> str:
    return w.hold.create(
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "code": item_code(item),
            "subject": {"reference": w.at_b},
            "effectiveDateTime": day_before(days),
            "conclusion": "右肺上叶小结节。" + "建议复查" * 100,
        }
        | more
    )


def test_an_examination_counts_by_its_report(w: World, item: RecognitionItem) -> None:
    related(w)
    w.permit()
    hit = put_report(w, item, 2)
    put_report(w, item, 9)
    put_report(w, item, 3, status="preliminary")
    reply = check(w, item)
    assert reply.status == 200, reply.body
    [one] = parts(reply.json, "item", "hit")
    assert value_of(one, "result")["reference"].endswith(f"/fhir/{w.b.code}/{hit}")
    assert value_of(one, "value").startswith("右肺上叶小结节。")
    assert not parts(one, "comparable") and value_of(one, "days-left") == 5
    assert "…" in value_of(one, "quote") and len(value_of(one, "quote")) < 450
    reasons = [value_of(m, "reason") for m in parts(reply.json, "item", "near-miss")]
    assert sorted(reasons) == ["not-final", "too-old"]
    prompt = value_of(reply.json, "item", "prompt")
    kept = decide(w, prompt=prompt, decision="adopted", result=value_of(one, "version"))
    assert kept.status == 201, kept.body


def test_a_token_for_results_alone_reads_no_reports(
    w: World, item: RecognitionItem, server: str
) -> None:
    related(w)
    w.permit()
    result = put(w.hold, w.at_b, item)
    put_report(w, item, 2)
    both = parts(check(w, item).json, "item", "hit")
    assert len(both) == 2, "the control"
    who = alliance.make_credentials(w.a)
    w.ask = Api(server, w.a.code, credentials=who, scope="system/Observation.s")
    [one] = parts(check(w, item).json, "item", "hit")
    assert value_of(one, "result")["reference"].endswith(result)
