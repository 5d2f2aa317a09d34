"""Which results of a patient count for an item at a date: through the gate, in one statement with
its audit line, judged by the catalogue; who asked and was told of one stands as a prompt.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed
from alliance.models import Hospital, Staff
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import EventCode
from consent.reason_words import REASONS_FOR_VIEWER
from consent.terms import Refused, Scope
from records.fhir.hashes import index_hash
from records.fhir.json_codec import parse_json
from records.meaning.value_text import drop_nulls
from records.models import RecognitionPrompt
from records.recognition.catalogue import list_codes_of_items
from records.recognition.catalogue_item import CatalogueItem
from records.recognition.judge_result import JudgedResult, Laboratory, judge_result, read_result
from records.requests.fhir_request import FhirRequest, request_person_access
from records.search.named_codes import token_condition
from records.store.rows import Row
from records.store.section_query import SectionWindow, fetch_section_windows

MOST_RESULTS = 40  # of an item within its days, the newest
MOST_OLDER = 6  # of those before, of which is said that they are too old
MOST_REPORTS = 40  # in which results may stand
MOST_EXAMINATIONS = 10  # reports that are of the item themselves
LOOKED_BACK = dt.timedelta(days=90)  # before the item's days, for what is too old
REPORT_AFTER = dt.timedelta(days=8)
JUDGED = ("Observation", "examination", "older", "older examination")
NEED = ScopeNeed("s", ("Observation",))
REPORT_TEXTS = ("conclusion",)
OF_THE_ASKER = frozenset({"role", "viewer_inactive"})  # refusals that tell of no patient


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """judged: the newest first; prompt: under which the decision is kept, None where no other
    hospital's result counts.
    """

    item: CatalogueItem
    judged: tuple[JudgedResult, ...]
    prompt: UUID | None = None

    @property
    def hits(self) -> list[JudgedResult]:
        return [j for j in self.judged if j.counts]

    @property
    def misses(self) -> list[JudgedResult]:
        return [j for j in self.judged if not j.counts]


def check_recognition(
    fhir_request: FhirRequest,
    person_id: UUID | None,
    item: CatalogueItem,
    date: dt.date,
    *,
    department: str = "",
) -> CheckedItem:
    """Nothing of what the gate refuses, and not that it refuses: whoever asks learns what counts
    and may be seen by them, and no more. Raises Forbidden for a token without the scope, Refused
    for a role that reads no records.
    """
    request = request_person_access(
        fhir_request,
        EventCode.RECOGNITION_CHECK,
        f"Patient/{person_id or 'unknown'}/$recognition-check",
        person_id,
        f"item={item.code}",
        need=NEED,
    )
    try:
        scope = gate.authorize_access(request)
    except Refused as refusal:
        if refusal.code in OF_THE_ASKER or refusal.code not in REASONS_FOR_VIEWER:
            raise
        return CheckedItem(item, ())
    judged = judge_rows(scope, fhir_request.principal, item, date)
    told = [j for j in judged if j.counts and not j.own]
    prompt = keep_prompt(scope, person_id, item, told, department) if told and person_id else None
    return CheckedItem(item, tuple(judged), prompt)


def judge_rows(
    scope: Scope, acting: Principal, item: CatalogueItem, date: dt.date
) -> list[JudgedResult]:
    """Of the rows that the scope reaches, the newest first."""
    found = fetch_section_windows(scope, make_windows(item, date)).rows
    hospitals = {h.code: Laboratory(h.code, h.tier) for h in Hospital.objects.all()}
    asking = hospitals.get(acting.hospital) or Laboratory(acting.hospital, "")
    rows = [(r, drop_nulls(parse_json(r.body))) for name in JUDGED for r in found[name]]
    reports = gather_reports(found["DiagnosticReport"])
    before = next(
        (
            read_result(b, r.hospital)
            for r, b in rows
            if r.hospital == acting.hospital and r.type_name == "Observation"
        ),
        None,
    )
    judged = (
        judge_result(
            body,
            item,
            hospitals.get(row.hospital) or Laboratory(row.hospital, ""),
            asking,
            date,
            ref=f"{row.hospital}/{row.type_name}/{row.fhir_id}/{row.version}",
            reports=(
                tuple(list_report_texts(body))
                if row.type_name == "DiagnosticReport"
                else reports.get((row.hospital, f"Observation/{row.fhir_id}"), ())
            ),
            before=before,
        )
        for row, body in rows
    )
    return [j for j in judged if j is not None]


def make_windows(item: CatalogueItem, date: dt.date) -> dict[str, SectionWindow]:
    """The rows that are of the item, by JUDGED, and the reports in which its results may stand."""
    ends = hospital_midnight(date + dt.timedelta(days=1))
    counting = hospital_midnight(date - dt.timedelta(days=item.window or 0))
    windows = {
        "DiagnosticReport": SectionWindow(MOST_REPORTS, starts=counting, ends=ends + REPORT_AFTER)
    }
    for names, type_name, most in (
        (("Observation", "older"), "Observation", MOST_RESULTS),
        (("examination", "older examination"), "DiagnosticReport", MOST_EXAMINATIONS),
    ):
        tokens = (index_hash(type_name, "code", "both", *c) for c in list_codes_of_items([item]))
        of_item = (token_condition(tokens),)
        windows[names[0]] = SectionWindow(
            most, type_name, starts=counting, ends=ends, any_of=of_item
        )
        windows[names[1]] = SectionWindow(
            MOST_OLDER, type_name, starts=counting - LOOKED_BACK, ends=counting, any_of=of_item
        )
    return windows


def hospital_midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def gather_reports(rows: Sequence[Row]) -> dict[tuple[str, str], tuple[str, ...]]:
    """{(hospital, reference of a result): texts of the reports that it stands in}."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        body = drop_nulls(parse_json(row.body))
        texts = list_report_texts(body)
        for result in body.get("result") or []:
            reference = str(result.get("reference") or "") if isinstance(result, dict) else ""
            if reference and texts:
                found.setdefault((row.hospital, reference), []).extend(texts)
    return {key: tuple(texts) for key, texts in found.items()}


def list_report_texts(report: dict[str, Any]) -> list[str]:
    """Where a report says by which marks its results are recognised."""
    code = report.get("code") if isinstance(report.get("code"), dict) else {}
    narrative = report.get("text") if isinstance(report.get("text"), dict) else {}
    found = [
        *(report.get(k) for k in REPORT_TEXTS),
        (code or {}).get("text"),
        (narrative or {}).get("div"),
        *(f.get("title") for f in report.get("presentedForm") or [] if isinstance(f, dict)),
    ]
    return [
        str(t) for t in found if isinstance(t, str) and ("HR" in t or "互认" in t or "ＨＲ" in t)
    ]


def keep_prompt(
    scope: Scope,
    person_id: UUID,
    item: CatalogueItem,
    told: Sequence[JudgedResult],
    department: str,
) -> UUID:
    """Once a day for each asker; later the same day it names what counts then."""
    acting, now = scope.principal, timezone.now()
    refs = [j.ref for j in told]
    about = {
        "person": person_id,
        "item_id": item.pk,
        "hospital_id": acting.hospital_id,
        "asker": f"{acting.kind}/{acting.id}",
        "day": timezone.localdate(now),
    }
    # index: one_recognition_prompt
    if standing := RecognitionPrompt.objects.filter(**about).first():
        if standing.hits != refs:
            RecognitionPrompt.objects.filter(pk=standing.pk).update(hits=refs)
        return standing.pk
    with transaction.atomic():
        prompt, made = RecognitionPrompt.objects.get_or_create(
            **about,
            defaults={
                "id": uuid.uuid4(),
                "department": department or find_department(acting),
                "hits": refs,
                "asked_at": now,
            },
        )
        if made:
            append_event(
                scope.event.with_changes(
                    code=EventCode.RECOGNITION_PROMPT,
                    target=f"recognition/{prompt.pk}",
                    detail=describe_prompt(item, prompt),
                    refs=tuple(refs),
                )
            )
    return prompt.pk


def describe_prompt(item: CatalogueItem, prompt: RecognitionPrompt) -> str:
    """As the audit log has it, from which the ledger is counted anew."""
    department = f"department={prompt.department}" if prompt.department else ""
    return " · ".join(filter(None, (f"item={item.code}", f"hits={len(prompt.hits)}", department)))


def find_department(acting: Principal) -> str:
    """Of staff who work in one: its code."""
    if acting.kind != "staff":
        return ""
    found = Staff.objects.filter(pk=int(acting.id)).values_list("department__code", flat=True)
    return str(found.first() or "")
