"""What has changed since a moment of the facts by which somebody could read a patient's records: a
line each, the newest first.
"""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.models import (
    AlliancePolicy,
    Confirmation,
    Directive,
    Emergency,
    IncidentSeal,
    Relationship,
)
from consent.past_facts import HISTORY_SINCE_SQL
from consent.terms import Source

MOST = 50  # lines shown
Change = tuple[dt.datetime, str]


def list_changes(
    moment: dt.datetime, principal: Principal, sources: tuple[Source, ...], hospitals: Iterable[str]
) -> list[Change]:
    """sources: the patient's registrations then and now; hospitals: whose records are asked
    about, by code.
    """
    now = timezone.now()
    found = [
        *directive_changes(sources),
        *confirmation_changes(sources, principal.hospital_id),
        *treatment_changes(sources, principal),
        *emergency_changes(sources, principal),
        *seal_changes(sources),
        *policy_changes(),
        *kept_changes(moment, principal, sources, hospitals),
    ]
    told = sorted({c for c in found if c[0] and moment < c[0] <= now}, reverse=True)
    return told[:MOST]


def of_person(sources: tuple[Source, ...]) -> Q:
    return Q(person__in=[s.home for s in sources]) | Q(covers__overlap=[s.id for s in sources])


def directive_changes(sources: tuple[Source, ...]) -> Iterator[Change]:
    for d in Directive.objects.filter(of_person(sources)).only(
        "recorded_at", "verified_at", "withdrawn_at", "lifted_at", "valid_until"
    ):
        number = {"n": d.pk}
        yield d.recorded_at, _("Decision no. %(n)s was recorded.") % number
        if d.verified_at != d.recorded_at and d.method == Directive.Method.SYSTEM:
            yield d.verified_at, _("The paper of decision no. %(n)s was seen.") % number
        yield d.withdrawn_at, _("Decision no. %(n)s was withdrawn.") % number
        if d.lifted_at != d.withdrawn_at:
            yield d.lifted_at, _("What decision no. %(n)s refuses has ended.") % number
        yield d.valid_until, _("The last day of decision no. %(n)s was over.") % number


def confirmation_changes(sources: tuple[Source, ...], hospital: int) -> Iterator[Change]:
    about = Q(person__in=[s.home for s in sources]) | Q(
        directive__in=Directive.objects.filter(of_person(sources))
    )
    for c in Confirmation.objects.filter(about).exclude(subject=Confirmation.Subject.INTAKE):
        if c.directive_id is None and c.hospital_id != hospital:
            continue
        words = {
            "verdict": c.get_verdict_display(),
            "what": (
                _("decision no. %(n)s") % {"n": c.directive_id}
                if c.directive_id
                else c.get_subject_display()
            ),
        }
        yield c.at, _("%(verdict)s: %(what)s.") % words
        yield c.ended_at, _("No longer %(verdict)s: %(what)s.") % words
        yield c.until, _("Over: %(verdict)s: %(what)s.") % words


def treatment_changes(sources: tuple[Source, ...], principal: Principal) -> Iterator[Change]:
    own = Relationship.objects.filter(
        person__in=[s.home for s in sources], hospital_id=principal.hospital_id
    )
    for r in own:
        yield r.noted_at, _("The hospital noted that it treats the patient.")
        yield r.ends_at, _("A treatment at the hospital was over.")


def emergency_changes(sources: tuple[Source, ...], principal: Principal) -> Iterator[Change]:
    if principal.kind != "staff":
        return
    for e in Emergency.objects.filter(
        person__in=[s.home for s in sources], staff_id=int(principal.id)
    ).defer("reason", "comment"):
        number = {"n": e.pk}
        yield e.opened_at, _("Emergency access no. %(n)s was opened.") % number
        yield e.closed_at or e.until, _("Emergency access no. %(n)s was over.") % number


def seal_changes(sources: tuple[Source, ...]) -> Iterator[Change]:
    for s in IncidentSeal.objects.filter(covers__overlap=[s.id for s in sources]).defer("manifest"):
        yield s.sealed_at, _("The record was sealed (seal no. %(n)s).") % {"n": s.pk}
        yield s.lifted_at, _("Seal no. %(n)s was lifted.") % {"n": s.pk}


def policy_changes() -> Iterator[Change]:
    for p in AlliancePolicy.objects.all():
        yield (
            p.starts_at,
            _("The alliance's rule became: %(rule)s.") % {"rule": p.get_code_display()},
        )


def kept_changes(
    moment: dt.datetime,
    principal: Principal,
    sources: tuple[Source, ...],
    hospitals: Iterable[str],
) -> Iterator[Change]:
    """Of facts that are changed in place."""
    names = {
        h.pk: h.name
        for h in Hospital.with_sandboxes.all()
        if h.code in {*hospitals, principal.hospital}
    }
    wanted = {
        "registration": [s.id for s in sources],
        "hospital": list(names),
        "staff": [int(principal.id)] if principal.kind == "staff" else [],
    }
    with connection.cursor() as cursor:
        for kind, facts in wanted.items():
            cursor.execute(HISTORY_SINCE_SQL, {"kind": kind, "facts": facts, "now": moment})
            for fact, until in cursor.fetchall():
                yield until, describe_kept(kind, names.get(fact, ""))


def describe_kept(kind: str, name: str) -> str:
    if kind == "hospital":
        return _("Whether %(hospital)s takes part was changed.") % {"hospital": name}
    if kind == "staff":
        return _("Role, hospital, days or vouching of the account were changed.")
    return _("A registration of the patient was linked, parted or told anew.")
