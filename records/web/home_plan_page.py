"""Send a patient back home with a plan, and mark the tasks of one. The plan is proposed from the
opened record, edited, and kept whole with the verb, or not at all.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import HomeTask, Staff, WorkItem
from alliance.referrals.home_plan import HomePlanDraft
from alliance.referrals.mark_task import TaskMarkedMeanwhile, do_mark_task
from alliance.roles import Permission
from alliance.workflow.move_item import MovedMeanwhile, MoveWords, do_move, side_of
from alliance.workflow.moves import find_move
from alliance.workflow.registry import table_of_item
from consent.terms import Refused
from records.models import SourcePatient
from records.web.home_plan_forms import IN_WORDS, TEXT_NAMES, HomePlanForm
from records.web.home_plan_proposals import (
    OfferedSummary,
    list_summaries,
    plan_windows,
    propose_medicines,
)
from records.web.record_frame import RecordFrame, open_record_frame
from records.web.referral_list import build_rows
from records.web.referral_page import find_item, latest_transition, tell_what_happened


@require_staff(Permission.REFERRAL_CARE)
def home_plan_page(request: HttpRequest, item_id: int, *, acting: Principal) -> HttpResponse:
    """For whoever can send back now; others see the referral as it is."""
    item = find_item(item_id, acting)
    move = find_move(table_of_item(item), item.state, "return", side_of(item, acting))
    if move is None:
        if request.method == "POST":
            tell_what_happened(request, latest_transition(item), acting)
        return redirect("referral", item.pk)
    person = SourcePatient.objects.values_list("person_id", flat=True).get(pk=item.source_patient)
    frame = try_record(person, acting)
    form = make_plan_form(request, frame, acting, {"diagnosis": item.outcome})
    sent = request.method == "POST"
    if sent and form.is_whole() and form.draft is not None:
        seen = request.POST.get("version", "")
        version = int(seen) if seen.isdecimal() else 0
        try:
            words = MoveWords(form.draft.advice, brought=(form.draft,))
            do_move(item.pk, "return", words, expected_version=version, acting=acting)
        except MovedMeanwhile as moved:
            tell_what_happened(request, moved.last or latest_transition(item), acting)
            return redirect("referral", item.pk)
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            messages.success(request, _("Sent back home with the plan."))
            return redirect("referral", item.pk)
    return render(
        request,
        "records/home_plan.html",
        {
            "item": item,
            "row": build_rows([item], acting)[0],
            "form": form,
            "version": request.POST.get("version", item.version),
            "closed": frame is None,
            "person": person,
        },
        status=422 if sent and not form.asks_more else 200,
    )


def try_record(person: UUID, acting: Principal) -> RecordFrame | None:
    """None where the gate refuses: the plan is then written without proposals."""
    try:
        return open_record_frame(person, acting, "home plan", plan_windows())
    except Refused:
        return None


def make_plan_form(
    request: HttpRequest,
    frame: RecordFrame | None,
    acting: Principal,
    first: dict[str, Any] | None = None,
    kept: HomePlanDraft | None = None,
) -> HomePlanForm:
    """As it is proposed, as it was kept, or as it was typed."""
    staff = Staff.objects.select_related("hospital").get(pk=acting.id)
    rows = frame.opened.rows if frame else {}
    banner = frame.context["banner"] if frame else None
    numbers = banner.record_numbers if banner else ()
    own = next((number for at, number in numbers if at == staff.hospital.name), "")
    # a page of a referral that became one down only now has sent no plan
    data = request.POST if "medicines" in request.POST else None
    summaries = list_summaries(rows, staff.hospital)
    return HomePlanForm(
        data,
        proposed=kept.medicines if kept else propose_medicines(rows, staff.hospital),
        tasks=kept.tasks if kept else (),
        summaries=summaries,
        initial={"record_number": own, "call_name": f"{staff.hospital} {staff.name}"}
        | (first or {})
        | (read_kept_texts(kept, summaries) if kept else {}),
    )


def read_kept_texts(kept: HomePlanDraft, summaries: Sequence[OfferedSummary]) -> dict[str, Any]:
    """With the record that was chosen as the summary, or none of them."""
    chosen = kept.summary and (kept.summary.type_name, kept.summary.fhir_id)
    value = next(
        (
            s.offered.value
            for s in summaries
            if (s.offered.document.type_name, s.offered.document.fhir_id) == chosen
        ),
        IN_WORDS,
    )
    return {n: getattr(kept, n) for n in (*TEXT_NAMES, "takes_none")} | {"summary": value}


def take_plan(
    request: HttpRequest,
    frame: RecordFrame,
    acting: Principal,
    form: forms.Form,
    kept: HomePlanDraft | None = None,
) -> HomePlanForm | None:
    """The plan that goes with a referral down, as it was kept before; None for another
    direction.
    """
    kind = request.POST.get("kind") or form.get_initial_for_field(form.fields["kind"], "kind")
    return make_plan_form(request, frame, acting, kept=kept) if kind == WorkItem.Kind.DOWN else None


def is_whole(form: forms.Form, plan: HomePlanForm | None, *, keeps_faults: bool = False) -> bool:
    """Both are looked at, so that all that is missing is said at once. keeps_faults: a plan that
    lacks something is kept all the same, as in a draft.
    """
    if form.data.get("more"):  # lines were asked for, nothing else
        return False
    return all([form.is_valid(), plan is None or plan.is_valid() or keeps_faults])


@require_POST
@require_staff(Permission.REFERRAL_CARE)
def mark_task(
    request: HttpRequest, item_id: int, task_id: int, *, acting: Principal
) -> HttpResponse:
    item = find_item(item_id, acting)
    if not HomeTask.objects.filter(pk=task_id, plan__item=item).exists():
        raise Http404
    state, note = request.POST.get("state", ""), request.POST.get("note", "")[:300]
    seen = request.POST.get("entries", "")
    try:
        do_mark_task(
            task_id,
            state,
            note,
            expected_entries=int(seen) if seen.isdecimal() else -1,
            acting=acting,
        )
    except TaskMarkedMeanwhile as marked:
        tell_who_marked(request, marked)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("Noted. The other hospital sees it at once."))
    return redirect(f"/referrals/{item.pk}/#tasks")


def tell_who_marked(request: HttpRequest, marked: TaskMarkedMeanwhile) -> None:
    last = marked.last
    messages.warning(
        request,
        _("Nothing was changed by you: %(name)s, %(hospital)s was first. %(what)s")
        % {
            "name": last.staff.name,
            "hospital": last.hospital.name,
            "what": HomeTask.State(last.state).label,
        }
        if last
        else _("Nothing was changed by you."),
    )
