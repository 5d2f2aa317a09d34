"""Consents that a member's system writes into its store: what they deny counts at once; what
they permit when a human has seen the signed paper, for no system grants itself anything.
"""

import copy
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.audit.event import EventCode
from consent.models import Directive
from consent.provision import HOSPITAL_SYSTEM, has_denial, has_permit, parse_consent
from consent.services.directive_circumstances import strip_circumstances
from consent.services.directive_withdrawals import is_lifted_by_withdrawal
from consent.services.directives import append_directive_event
from consent.services.ties import is_tied
from consent.terms import Source

PRIVACY_SCOPE = "patient-privacy"


def is_effective_consent(consent: dict[str, Any]) -> bool:
    """An active Consent about privacy; drafts, research and advance directives decide
    nothing here.
    """
    scopes = {c.get("code") for c in (consent.get("scope") or {}).get("coding") or []}
    return consent.get("status") == "active" and PRIVACY_SCOPE in scopes


def do_record_filed_consent(
    consent: dict[str, Any],
    rid: int,
    *,
    source: Source,
    sources: tuple[Source, ...],
    acting: Principal,
) -> None:
    """Inside the writer's transaction. source: the registration that the Consent is about. One
    that says just what it said before takes the place of that at once.
    """
    resource = resolve_actor_hospitals(
        copy.deepcopy({k: v for k, v in consent.items() if k not in ("patient", "text", "meta")})
    )
    rule = parse_consent(resource, acting.hospital)
    if not has_denial(rule) and not has_permit(rule):
        return
    made = Directive.objects.create(
        person=source.home,
        covers=[s.id for s in sources],
        resource=resource,
        denies=has_denial(rule),
        hospital_id=acting.hospital_id,
        rid=rid,
        method=Directive.Method.SYSTEM,
        evidence="",
        valid_from=timezone.now(),
    )
    append_directive_event(acting, EventCode.CONSENT_RECORD, made, source.home, "sent by a system")
    for old in Directive.objects.filter(rid=rid, lifted_at=None).exclude(withdrawn_at=None):
        if strip_circumstances(old.resource) == strip_circumstances(resource) and set(
            old.covers
        ) <= set(made.covers):
            old.lifted_at = made.valid_from
            old.save(update_fields=["lifted_at"])


def do_withdraw_filed_consent(
    rid: int, *, found: Callable[[UUID], tuple[Source, ...]], acting: Principal
) -> None:
    """The Consent was written anew, ended or deleted. What it refuses to its own hospital, or to
    others while its own is not tied to the patient, it refuses on until others confirm that. found:
    the registrations of a person as they are now.
    """
    for old in Directive.objects.filter(rid=rid, withdrawn_at=None).select_related("hospital"):
        old.withdrawn_at, old.withdrawn_where_id = timezone.now(), acting.hospital_id
        old.lifted_at = (
            old.withdrawn_at
            if is_lifted_by_withdrawal(
                old, acting, tied=is_tied(acting.hospital_id, old.person, found(old.person))
            )
            else None
        )
        old.save(update_fields=["withdrawn_at", "withdrawn_where", "lifted_at"])
        append_directive_event(acting, EventCode.CONSENT_WITHDRAW, old, old.person, "by its system")


def resolve_actor_hospitals(resource: dict[str, Any]) -> dict[str, Any]:
    """Members that actors name by their credit code, or as Organization/<code>, get our
    identifier; others stay as they are.
    """
    codes = {h.code: h.code for h in Hospital.objects.all()} | {
        h.credit_code: h.code for h in Hospital.objects.exclude(credit_code="")
    }
    stack = [resource.get("provision") or {}]
    while stack:
        node = stack.pop()
        for actor in node.get("actor") or []:
            reference = actor.get("reference") or {}
            given = (reference.get("identifier") or {}).get("value") or str(
                reference.get("reference") or ""
            ).removeprefix("Organization/")
            if (
                given in codes
                and (reference.get("identifier") or {}).get("system") != HOSPITAL_SYSTEM
            ):
                reference["identifier"] = {"system": HOSPITAL_SYSTEM, "value": codes[given]}
        stack += node.get("provision") or []
    return resource
