"""The papers of an emergency that went first (补录): impression, question, what goes along. What
was sent stays as it was; these stand behind it.
"""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import WorkDebt
from alliance.roles import Permission
from alliance.workflow.debts import do_add_papers, do_approve_afterwards, list_debts
from alliance.workflow.move_item import MovedMeanwhile
from consent.terms import Refused
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.web.closed_record import show_closed_record
from records.web.record_frame import open_record_frame
from records.web.refer_page import foresee_sight
from records.web.referral_documents import list_offered, referral_windows
from records.web.referral_forms import PapersForm
from records.web.referral_page import find_item, tell_what_happened


@require_staff(Permission.REFERRAL_SEND)
def papers_page(request: HttpRequest, sent_id: int, *, acting: Principal) -> HttpResponse:
    """Raises Http404 where none are owed, or another hospital owes them."""
    item = find_item(sent_id, acting)
    owed = [d.kind for d in list_debts([item]).get(item.pk, [])]
    if item.sender_id != acting.hospital_id or WorkDebt.Kind.PAPERS not in owed:
        raise Http404
    own = SourcePatient.objects.get(pk=item.source_patient)
    windows = referral_windows(timezone.now())
    try:
        frame = open_record_frame(own.person_id, acting, "refer", windows)
    except Refused as refusal:
        face = patient_search.displayed_person(own.person_id, acting.hospital_id)
        return show_closed_record(request, own.person_id, face, refusal, acting)
    sight = foresee_sight(own, item.receiver, acting, windows)
    offered = [o for o in list_offered(frame.opened, timezone.now()) if o.url in sight.urls]
    form = PapersForm(request.POST or None, along=[(o.value, o.words) for o in offered])
    if request.method == "POST" and form.is_valid():
        chosen = set(form.cleaned_data.get("along", ()))
        text = "\n\n".join(
            filter(None, (form.cleaned_data["reason"], form.cleaned_data["question"]))
        )
        try:
            documents = [o.document for o in offered if o.value in chosen]
            do_add_papers(item.pk, text, documents, acting=acting)
        except MovedMeanwhile as moved:
            if moved.last is not None:
                tell_what_happened(request, moved.last, acting)
            return redirect("referral", item.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Noted. The other hospital sees it at once."))
            return redirect("referral", item.pk)
    return render(request, "records/papers.html", frame.context | {"item": item, "form": form})


@require_POST
@require_staff(Permission.REFERRAL_APPROVE)
def approve_afterwards(request: HttpRequest, sent_id: int, *, acting: Principal) -> HttpResponse:
    """Of an emergency that went without approval. Raises Forbidden for its author."""
    item = find_item(sent_id, acting)
    try:
        do_approve_afterwards(item.pk, acting=acting)
    except MovedMeanwhile as moved:
        if moved.last is not None:
            tell_what_happened(request, moved.last, acting)
    else:
        messages.success(request, _("Noted."))
    return redirect("referral", item.pk)
