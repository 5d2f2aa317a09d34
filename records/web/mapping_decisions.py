"""What waits for a second clerk's word about local codes, with what it would change; agree, refuse,
withdraw.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.mapping.code_ranking import show_code
from records.mapping.kinds import KINDS, MappingKind
from records.mapping.map_decisions import (
    do_agree_to_mapping,
    do_refuse_mapping,
    do_withdraw_mapping,
)
from records.mapping.preview import preview_mapping
from records.mapping.standard_codes import find_target, target_systems
from records.models import CodeMapping
from records.web.mapping_pages import query_open_proposals
from records.web.mapping_words import EQUIVALENCE_WORDS, say_contradiction, say_origin

PAGE = 20


@require_GET
@require_staff(Permission.CODE_MAP)
def mapping_inbox_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    rows = query_open_proposals(acting).select_related("code", "hospital", "proposed_by")
    page = Paginator(rows.order_by("proposed_at", "pk"), PAGE).get_page(request.GET.get("page"))
    append_event(AuditEvent.from_principal(acting, EventCode.CODE_MAP_READ, target="mapping/inbox"))
    return render(
        request,
        "records/mapping_inbox.html",
        {"page": page, "waits": [describe_proposal(m, acting) for m in page]},
    )


def describe_proposal(mapping: CodeMapping, acting: Principal) -> dict[str, Any]:
    kind = MappingKind(mapping.kind)
    target = find_target(kind, mapping.target_system, mapping.target_code)
    preview = preview_mapping(mapping.code, target) if target else None
    return {
        "row": mapping,
        "shown": show_code(mapping.code),
        "kind": KINDS[kind].title,
        "system": target_systems(kind).get(mapping.target_system, mapping.target_system),
        "equivalence": EQUIVALENCE_WORDS.get(mapping.equivalence, mapping.equivalence),
        "origin": say_origin(mapping.origin),
        "preview": preview,
        "against": [say_contradiction(c) for c in preview.contradictions] if preview else [],
        "own": str(mapping.proposed_by_id) == acting.id,
        "at_home": mapping.hospital_id == acting.hospital_id,
    }


def decide(
    request: HttpRequest, back: str, said: str, verb: Callable[..., None], *things: Any, **more: Any
) -> HttpResponse:
    """Carry out a verb and go back, with what it said."""
    try:
        verb(*things, **more)
    except ValidationError as error:
        for text in error.messages:
            messages.error(request, text)
    except AlreadyDone as done:
        messages.warning(request, str(done))
    else:
        messages.success(request, said)
    return redirect(back)


@require_POST
@require_staff(Permission.CODE_MAP)
def agree_to_mapping(request: HttpRequest, mapping_id: int, *, acting: Principal) -> HttpResponse:
    mapping = get_decidable(mapping_id, acting)
    said = _("Agreed. What comes has the standard code at once; what is there gets it in minutes.")
    return decide(request, "mapping-inbox", said, do_agree_to_mapping, mapping, acting=acting)


@require_POST
@require_staff(Permission.CODE_MAP)
def refuse_mapping(request: HttpRequest, mapping_id: int, *, acting: Principal) -> HttpResponse:
    mapping = get_decidable(mapping_id, acting)
    reason = request.POST.get("reason", "").strip()[:500]
    if not reason and str(mapping.proposed_by_id) != acting.id:
        messages.error(request, _("Say why it is refused."))
        return redirect("mapping-inbox")
    return decide(
        request,
        "mapping-inbox",
        _("Refused. Nothing was changed."),
        do_refuse_mapping,
        mapping,
        reason=reason,
        acting=acting,
    )


@require_POST
@require_staff(Permission.CODE_MAP)
def withdraw_mapping(request: HttpRequest, mapping_id: int, *, acting: Principal) -> HttpResponse:
    mapping = get_decidable(mapping_id, acting)
    at_home = mapping.hospital_id == acting.hospital_id
    back = reverse("local-code", args=[mapping.code_id]) if at_home else reverse("mapping")
    reason = request.POST.get("reason", "").strip()[:500]
    if not reason:
        messages.error(request, _("Say why it is withdrawn."))
        return redirect(back)
    return decide(
        request,
        back,
        _("Withdrawn. The standard code comes off all records in minutes."),
        do_withdraw_mapping,
        mapping,
        reason=reason,
        acting=acting,
    )


def get_decidable(mapping_id: int, acting: Principal) -> CodeMapping:
    """Raises Http404 for another hospital's, as for one that never was; whoever is there for the
    whole alliance finds all.
    """
    rows = CodeMapping.objects.select_related("code", "hospital", "proposed_by")
    if not acting.alliance_wide:
        rows = rows.filter(hospital_id=acting.hospital_id)
    return get_object_or_404(rows, pk=mapping_id)
