"""What an auditor says of an unusual access, and the rules that two of them agree on."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Staff
from alliance.roles import STAFF_ROLES, Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.access_review.judge_by_hand import (
    do_agree_to_access_rule,
    do_end_access_rule,
    do_judge_episode,
    do_propose_access_rule,
    do_refuse_access_rule,
)
from records.models import AccessRule
from records.web.unusual_pages import describe_episode, load_audited_episode, log_look, read_day

MOST_RULES = 200  # that are shown, the newest


@require_POST
@require_staff(Permission.AUDIT_READ)
def judge_episode(request: HttpRequest, episode_id: int, *, acting: Principal) -> HttpResponse:
    episode = load_audited_episode(episode_id, acting)
    return carry_out(
        request,
        acting,
        episode_id,
        _("Written down. Who looks at this access sees who said it, and why."),
        lambda: do_judge_episode(
            episode,
            outcome=request.POST.get("outcome", ""),
            note=request.POST.get("note", ""),
            acting=acting,
        ),
    )


@require_POST
@require_staff(Permission.AUDIT_READ)
def propose_access_rule(
    request: HttpRequest, episode_id: int, *, acting: Principal
) -> HttpResponse:
    episode = load_audited_episode(episode_id, acting)
    return carry_out(
        request,
        acting,
        episode_id,
        _("Proposed: it counts when another auditor has agreed."),
        lambda: do_propose_access_rule(
            episode,
            scope=request.POST.get("scope", ""),
            until=read_day(request.POST.get("until", "")),
            reason=request.POST.get("reason", ""),
            acting=acting,
        ),
    )


def carry_out(
    request: HttpRequest, acting: Principal, episode_id: int, said: str, verb: Callable[[], object]
) -> HttpResponse:
    """Back to the access; where something is missing the page again, with what was typed."""
    try:
        verb()
    except ValidationError as error:
        episode = load_audited_episode(episode_id, acting)
        log_look(acting, f"episode/{episode_id}", [episode])
        page: dict[str, Any] = describe_episode(episode, acting)
        return render(
            request,
            "records/unusual_episode.html",
            page | {"faults": error.messages, "typed": request.POST},
            status=400,
        )
    except AlreadyDone as done:
        messages.warning(request, str(done))
    else:
        messages.success(request, said)
    return redirect("episode", episode_id)


@require_GET
@require_staff(Permission.AUDIT_READ)
def access_rules_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    audited = hospitals_with_permission(acting, "audit_hospital")
    rules = list(
        AccessRule.objects.filter(hospital__in=audited)
        .select_related("hospital", "department", "proposed_by", "decided_by", "ended_by")
        .order_by("-pk")[:MOST_RULES]
    )
    staff = Staff.objects.in_bulk([r.member for r in rules if r.member is not None])
    append_event(AuditEvent.from_principal(acting, EventCode.AUDIT_READ, target="access-rules"))
    return render(
        request,
        "records/access_rules.html",
        {
            "rules": [
                {
                    "row": r,
                    "member": staff.get(r.member) if r.member is not None else None,
                    "role": dict(STAFF_ROLES).get(r.role, r.role),
                    "own": str(r.proposed_by_id) == acting.id or str(r.member) == acting.id,
                }
                for r in rules
            ]
        },
    )


def get_audited_rule(rule_id: int, acting: Principal) -> AccessRule:
    """Raises Http404 for another hospital's."""
    audited = hospitals_with_permission(acting, "audit_hospital")
    found = (
        AccessRule.objects.filter(pk=rule_id, hospital__in=audited).first()
        if rule_id < 2**63
        else None
    )
    if found is None:
        raise Http404
    return found


def decide_rule(
    request: HttpRequest,
    rule_id: int,
    acting: Principal,
    said: str,
    verb: Callable[..., None],
) -> HttpResponse:
    try:
        verb(get_audited_rule(rule_id, acting), acting=acting)
    except AlreadyDone as done:
        messages.warning(request, str(done))
    else:
        messages.success(request, said)
    return redirect("access-rules")


@require_POST
@require_staff(Permission.AUDIT_READ)
def agree_to_rule(request: HttpRequest, rule_id: int, *, acting: Principal) -> HttpResponse:
    said = _("Agreed: from the next run on such accesses count as explained.")
    return decide_rule(request, rule_id, acting, said, do_agree_to_access_rule)


@require_POST
@require_staff(Permission.AUDIT_READ)
def refuse_rule(request: HttpRequest, rule_id: int, *, acting: Principal) -> HttpResponse:
    return decide_rule(request, rule_id, acting, _("Refused."), do_refuse_access_rule)


@require_POST
@require_staff(Permission.AUDIT_READ)
def end_rule(request: HttpRequest, rule_id: int, *, acting: Principal) -> HttpResponse:
    said = _("Ended: what comes from now on is not explained by it.")
    return decide_rule(request, rule_id, acting, said, do_end_access_rule)
