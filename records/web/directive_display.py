"""Describe a patient's consent directives in words: what each says, who has confirmed it, and
whether it still counts.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.platform.brackets import bracket_words
from alliance.roles import Permission
from consent.models import Directive
from consent.provision import find_named_staff, has_permit, parse_consent
from consent.services import directives
from consent.services.directive_confirmations import can_confirm_directive
from consent.services.ties import is_tied
from consent.terms import Source
from records.web.consent_text import describe_consent


def collect_actor_names(resources: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Of all hospitals by code, and of the staff whom these Consents name by "staff/" and
    number.
    """
    named = {n for resource in resources for n in find_named_staff(parse_consent(resource))}
    return {h.code: h.name for h in Hospital.objects.all()} | {
        f"staff/{s.pk}": f"{s.name}{bracket_words(str(s.hospital))}"
        for s in Staff.objects.filter(pk__in=named).select_related("hospital")
    }


def describe_directives(person: UUID, found: tuple[Source, ...]) -> dict[str, list[dict[str, Any]]]:
    """Each directive with its words, whether its permits have lapsed because registrations were
    parted, whose word it is, and whether that hospital is tied to the patient: those that stand,
    earlier ones, and of these those that refuse on.
    """
    all_of_them = list(
        directives.query_directives(person, found)
        .select_related(
            "hospital", "recorded_by__hospital", "verified_by", "verified_where", "withdrawn_by"
        )
        .prefetch_related("confirmations")
    )
    names = collect_actor_names(d.resource for d in all_of_them)
    covered = {s.id for s in found}
    told_of = [
        {
            "d": d,
            "rules": describe_consent(d.resource, d.hospital.code, names),
            "lapsed": not set(d.covers) <= covered,
            "behind": confirmation_state(d),
            "permits": has_permit(parse_consent(d.resource, d.hospital.code)),
            "speaker": d.verified_where or d.hospital,
        }
        for d in all_of_them
    ]
    tied = {
        h.pk: is_tied(h.pk, person, found)
        for h in {
            x["speaker"]
            for x in told_of
            if x["permits"] and not x["behind"] and not x["d"].withdrawn_at
        }
    }
    for x in told_of:
        x["tied"] = tied.get(x["speaker"].pk, False)
    earlier = [x for x in told_of if x["d"].withdrawn_at]
    return {
        "standing": [x for x in told_of if not x["d"].withdrawn_at],
        "earlier": earlier,
        "refusing": [x for x in earlier if not x["d"].lifted_at],
    }


def mark_confirmable(
    told_of: dict[str, list[dict[str, Any]]],
    person: UUID,
    found: tuple[Source, ...],
    acting: Principal,
) -> dict[str, list[dict[str, Any]]]:
    """The same lines, each with whether the one who reads them may see the signed paper, and
    whether their word would add to what stands behind it.
    """
    for x in (*told_of["standing"], *told_of["earlier"]):
        x["paper"] = bool(x["d"].image) and directives.can_see_paper(acting, x["d"], person, found)
        x["confirmable"] = acting.may(Permission.CONFIRM) and can_confirm_directive(
            x["d"], person, found, acting, before=x["behind"]
        )
    return told_of


def confirmation_state(d: Directive) -> str:
    """Who stands behind it beside its own hospital: "full", "provisional", "refused"; "" for
    nobody, or where nobody has to.
    """
    said = [
        c
        for c in d.confirmations.all()
        if c.ended_at is None
        and c.subject == ("directive" if d.withdrawn_at is None else "withdrawal")
        and (c.until is None or c.until > timezone.now())
    ]
    full = next((c.verdict for c in reversed(said) if c.until is None), "")
    return full or ("provisional" if said else "")
