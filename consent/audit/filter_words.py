"""Say which lines of the log a filter asks for, in the reader's language."""

import datetime as dt

from django.utils.translation import gettext as _

from alliance.models import Hospital
from alliance.platform.dates import to_hospital_time
from consent.audit.event_groups import EVENT_GROUPS, codes_of_group
from consent.audit.event_words import OUTCOME_WORDS
from consent.audit.line_names import event_words, load_line_names, purpose_words
from consent.audit.log_query import AuditFilter


def describe_moment(at: dt.datetime) -> str:
    return to_hospital_time(at).isoformat(" ", "seconds")


def describe_period(audit_filter: AuditFilter) -> str:
    start, end = audit_filter.start, audit_filter.end
    if start and end:
        return _("from %(start)s until before %(end)s") % {
            "start": describe_moment(start),
            "end": describe_moment(end),
        }
    if start:
        return _("from %(start)s on") % {"start": describe_moment(start)}
    if end:
        return _("until before %(end)s") % {"end": describe_moment(end)}
    return str(_("without a limit of time"))


def describe_filter(audit_filter: AuditFilter) -> str:
    """Which lines were asked for, in words."""
    asked = {
        "id": 0,
        "actor_kind": audit_filter.actor_kind,
        "actor": audit_filter.actor,
        "actor_hospital": "",
        "role": "",
        "person": audit_filter.person,
        "target": "",
        "detail": "",
    }
    system = asked | {"actor_kind": "client", "actor": audit_filter.system}
    names = load_line_names(
        [asked, *([system] if audit_filter.system else [])], audit_filter.hospitals
    )
    parts = [_("Time: %s") % describe_period(audit_filter)]
    if audit_filter.hospitals is not None:
        parts.append(
            _("What staff and systems did of: %s") % name_hospitals(audit_filter.hospitals)
        )
    if audit_filter.person:
        parts.append(_("Patient: %s") % names.person_words(audit_filter.person))
    if audit_filter.actor:
        staff = names.staff_of(asked)
        called_actor = f"{staff.name} · {staff.account}" if staff else names.actor_name(asked)
        parts.append(_("Who: %s") % called_actor)
    if audit_filter.system:
        parts.append(_("System: %s") % names.system_of(system))
    if audit_filter.hospital:
        parts.append(_("Hospital: %s") % name_hospitals((audit_filter.hospital,)))
    if audit_filter.outcome:
        outcome = OUTCOME_WORDS.get(audit_filter.outcome, audit_filter.outcome)
        parts.append(_("Outcome: %s") % outcome)
    if audit_filter.emergency:
        parts.append(str(_("Emergency access only")))
    parts += describe_kinds(audit_filter)
    if audit_filter.case:
        parts.append(_("Lines gathered in the case file no. %s") % audit_filter.case)
    if audit_filter.address:
        parts.append(_("Network address: %s") % audit_filter.address)
    if audit_filter.room:
        parts.append(_("Part of the platform: %s") % audit_filter.room)
    if audit_filter.request:
        parts.append(_("Request number: %s") % audit_filter.request)
    if len(parts) == 1 and not (audit_filter.start or audit_filter.end):
        return str(_("Everything"))
    return _("; ").join(parts)


def describe_kinds(audit_filter: AuditFilter) -> list[str]:
    """Which purpose and which events, by the auditor's kinds where they are all of one."""
    parts = []
    if audit_filter.purpose:
        parts.append(_("Purpose: %s") % purpose_words(audit_filter.purpose))
    if codes := audit_filter.codes:
        kinds = [
            str(group.words)
            for key, group in EVENT_GROUPS.items()
            if set(codes_of_group(key)) == set(codes)
        ]
        parts.append(_("Events: %s") % (kinds[0] if kinds else ", ".join(map(event_words, codes))))
    return parts


def name_hospitals(codes: tuple[str, ...]) -> str:
    called = {h.code: h.name for h in Hospital.with_sandboxes.filter(code__in=codes)}
    return ", ".join(called.get(code, code) for code in codes)
