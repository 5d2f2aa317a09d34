"""The clinician's page of results elsewhere that count: adopt and quote one, or say why the test is
repeated.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from records.fhir.hashes import index_hash
from records.meaning.result_wording import is_reader_chinese
from records.models import RecognitionPrompt
from records.operations.shared_record import SectionWindow, ShownResource
from records.recognition.catalogue import list_codes_of_items, load_catalogue
from records.recognition.catalogue_item import CatalogueItem
from records.recognition.check_answer import neutral_line
from records.recognition.decisions import (
    ADOPTED,
    REPEATED,
    Decision,
    do_decide,
    find_prompt,
    list_prompts_of_person,
)
from records.recognition.recognition_check import check_recognition
from records.recognition.repeat_reasons import REPEAT_REASONS
from records.requests.fhir_request import build_fhir_request
from records.search.named_codes import token_condition
from records.web.recognition_lines import list_recognisable, make_decided_line, make_line
from records.web.record_frame import RecordFrame, open_record_frame, record_view

RECOGNISABLE = ("Observation", "DiagnosticReport")
MOST_RESULTS = 300  # of each type
MOST_PROMPTS = 20


class RepeatForm(forms.Form):
    """Why the test is repeated all the same."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=[("", gettext_lazy("Choose")), *((k, r.words) for k, r in REPEAT_REASONS.items())],
    )
    note = forms.CharField(
        label=gettext_lazy("In your own words"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Needed for “other” and for your own judgement."),
    )
    told = forms.BooleanField(
        label=gettext_lazy("The patient was told why the test is repeated"), required=False
    )


@record_view
def recognition_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Without an item: the items of which something counts; with one: its results."""
    return show_recognition(request, person_id, request.GET.get("item", ""), RepeatForm(), acting)


def show_recognition(
    request: HttpRequest, person_id: UUID, code: str, form: RepeatForm, acting: Principal
) -> HttpResponse:
    item = next(iter(load_catalogue([code])), None) if code else None
    if code and item is None:
        raise Http404
    frame = open_overview(person_id, acting) if item is None else None
    if frame is not None:
        return render(
            request,
            "records/recognition.html",
            frame.context | list_overview(frame, acting) | {"neutral": neutral_line()},
        )
    assert item is not None
    frame = open_record_frame(person_id, acting, "recognition", {})
    checked = check_recognition(
        build_fhir_request(acting, "alliance", "/fhir"), person_id, item, timezone.localdate()
    )
    hospitals = {h.code: h for h in Hospital.objects.all()}
    prompt = find_prompt(checked.prompt, person_id, acting.hospital_id) if checked.prompt else None
    return render(
        request,
        "records/recognition.html",
        frame.context
        | {
            "item": item,
            "name": item.name(chinese=is_reader_chinese()),
            "hits": [make_line(item, j, hospitals) for j in checked.hits],
            "misses": [make_line(item, j, hospitals) for j in checked.misses],
            "prompt": prompt,
            "form": form,
            "neutral": neutral_line(),
            "decided": list_decided(person_id, acting),
        },
    )


def open_overview(person_id: UUID, acting: Principal) -> RecordFrame:
    codes = list_codes_of_items(load_catalogue())
    windows = {
        type_name: SectionWindow(
            MOST_RESULTS,
            any_of=(token_condition(index_hash(type_name, "code", "both", *c) for c in codes),),
        )
        for type_name in RECOGNISABLE
    }
    return open_record_frame(person_id, acting, "recognition", windows)


def list_overview(frame: RecordFrame, acting: Principal) -> dict[str, Any]:
    asking = Hospital.objects.get(pk=acting.hospital_id)
    return {
        "lines": list_recognisable(
            list_judged_rows(frame), load_catalogue(), asking, timezone.localdate()
        ),
        "decided": list_decided(frame.context["person"], acting),
    }


def list_decided(person_id: UUID, acting: Principal) -> list[Any]:
    found = list_prompts_of_person(person_id, acting.hospital_id)[:MOST_PROMPTS]
    return [make_decided_line(p) for p in found]


@require_POST
@require_staff(Permission.RECORD_READ)
def decide_recognition(
    request: HttpRequest, person_id: UUID, prompt_id: UUID, *, acting: Principal
) -> HttpResponse:
    prompt = find_prompt(prompt_id, person_id, acting.hospital_id)
    if prompt is None:
        raise Http404
    form = RepeatForm(request.POST)
    made = read_posted_decision(request, form)
    if made is not None:
        try:
            do_decide(prompt, made, acting=acting)
        except ValidationError as error:
            for field, faults in error.message_dict.items():
                form.add_error(field if field in form.fields else None, faults)
        else:
            say_decided(request, made)
            return redirect(f"{reverse('recognise', args=[person_id])}?item={prompt.item.code}")
    return show_again(request, person_id, prompt, form, acting)


def show_again(
    request: HttpRequest,
    person_id: UUID,
    prompt: RecognitionPrompt,
    form: RepeatForm,
    acting: Principal,
) -> HttpResponse:
    """With what is to be mended, as a GET of the page would be answered."""
    request.method = "GET"
    shown = record_view(
        lambda request, person_id, *, acting: show_recognition(
            request, person_id, prompt.item.code, form, acting
        )
    )
    return shown(request, person_id)


def read_posted_decision(request: HttpRequest, form: RepeatForm) -> Decision | None:
    """None where the form is to be mended."""
    if request.POST.get("decision") == ADOPTED:
        return Decision(ADOPTED, result=request.POST.get("result", "")[:200], quoted=True)
    if not form.is_valid():
        return None
    said = form.cleaned_data
    return Decision(REPEATED, reason=said["reason"], note=said["note"], told=said["told"])


def say_decided(request: HttpRequest, made: Decision) -> None:
    if made.decision == ADOPTED:
        messages.success(request, _("Adopted. Put the quoted line into your note."))
    else:
        messages.success(request, _("Kept: the test is repeated."))


def find_recognisable_results(
    frame: RecordFrame, acting: Principal, catalogue: list[CatalogueItem] | None = None
) -> list[Any]:
    """For the page of results: what of its rows counts today."""
    found = load_catalogue() if catalogue is None else catalogue
    if not found:
        return []
    asking = Hospital.objects.get(pk=acting.hospital_id)
    return list_recognisable(list_judged_rows(frame), found, asking, timezone.localdate())


def list_judged_rows(frame: RecordFrame) -> list[ShownResource]:
    return [row for type_name in RECOGNISABLE for row in frame.opened.rows.get(type_name, [])]
