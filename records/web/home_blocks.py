"""What waits for somebody on the first page: a number, the oldest or most urgent of it, and one
link; of each role's own matters those that its permissions reach.
"""

import datetime as dt
from collections.abc import Callable, Iterator

from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.operations.installation_state import read_current_state
from alliance.operations.site_verdicts import assess_seal
from alliance.operations.state_verdict import Urgency
from alliance.operations.verdicts import assess_state, worst_urgency
from alliance.roles import Permission, Role
from alliance.services.authority import hospitals_with_permission
from alliance.services.proposals import query_open_proposals
from alliance.services.vouching import list_accounts_to_vouch, list_clients_to_vouch
from consent.audit.event import AuditOutcome, EventCode
from consent.audit.log_query import AuditFilter, count_audit_lines
from consent.audit.own_lines import list_newest_acts
from consent.audit.witness_report import count_contradictions
from consent.models import Emergency
from consent.services.cases import query_cases
from consent.services.emergencies import query_due_emergencies
from consent.services.emergency_rates import list_emergency_rates
from consent.services.seen_emergencies import query_overdue_emergencies, query_seen_emergencies
from records.mpi.curation import review_queue
from records.web import own_requests, pending_confirmations
from records.web.home_block import HomeBlock, oldest_since, tell_left, tell_wait
from records.web.home_consultation_blocks import tell_consultations, tell_unheeded_consultations
from records.web.home_referral_blocks import (
    tell_home_tasks,
    tell_late_referrals,
    tell_referrals,
    tell_sending,
    tell_unheeded_referrals,
)
from records.web.home_sync_blocks import tell_dead_letters, tell_mappings, tell_sync

SOON = dt.timedelta(days=3)  # in which a declared treatment ends


def list_home_blocks(acting: Principal) -> list[HomeBlock]:
    """Of all that the acting one may do; what is urgent first."""
    blocks = [
        block for permission, tell in BLOCKS if acting.may(permission) for block in tell(acting)
    ]
    return sorted(blocks, key=lambda block: not block.urgent)


def tell_own_treatments(acting: Principal) -> Iterator[HomeBlock]:
    """Treatment that the clinician has declared and that ends soon."""
    now = timezone.now()
    ending = own_requests.query_own_declarations(acting).filter(
        ends_at__gt=now, ends_at__lte=now + SOON
    )
    first = ending.order_by("ends_at").first()
    yield HomeBlock(
        _("Declared treatments ending soon"),
        reverse("confirmations"),
        ending.count(),
        tell_left(first.ends_at) if first else "",
        _("None ends within three days."),
    )


def tell_confirmations(acting: Principal) -> Iterator[HomeBlock]:
    """What a second person is asked for, of those who are not the officer."""
    if acting.role == Role.PRIVACY:
        return
    asked = [pending_confirmations.query_waiting_directives(acting, here=True)]
    columns = ["recorded_at"]
    if acting.role == Role.CLERK:
        asked += [
            pending_confirmations.query_waiting_directives(acting, here=False),
            pending_confirmations.query_waiting_declarations(acting, here=True),
            pending_confirmations.query_waiting_declarations(acting, here=False),
            pending_confirmations.query_waiting_withdrawals(acting),
        ]
        columns += ["recorded_at", "starts_at", "starts_at", "withdrawn_at"]
    firsts = [
        rows.order_by().aggregate(first=Min(column))["first"]
        for rows, column in zip(asked, columns, strict=True)
    ]
    oldest = min((first for first in firsts if first), default=None)
    yield HomeBlock(
        _("Confirmations waiting for a second person"),
        reverse("confirmations"),
        sum(rows.count() for rows in asked),
        tell_wait(oldest) if oldest else "",
        _("Nothing waits."),
    )


def tell_pairs(acting: Principal) -> Iterator[HomeBlock]:
    figures = review_queue.review_figures(acting)
    yield HomeBlock(
        _("Pairs that may be one patient"),
        reverse("following") if figures.waiting else reverse("reviews"),
        figures.waiting,
        tell_wait(figures.oldest) if figures.oldest else "",
        _("No pair waits for a decision."),
    )
    crowded = review_queue.query_crowded_registrations(acting)
    yield HomeBlock(
        _("Compared with only some of many who look alike"),
        reverse("reviews"),
        crowded.count(),
        oldest_since(crowded, "crowded_at"),
        _("Nothing waits."),
    )


def tell_emergencies(acting: Principal) -> Iterator[HomeBlock]:
    """The privacy officer's inbox of emergency accesses."""
    now, due = timezone.now(), query_due_emergencies(acting)
    alarms = sum(rate.alarm for rate in list_emergency_rates(acting))
    if alarms:
        yield HomeBlock(
            _("Clinicians who open records faster than usual"),
            reverse("privacy"),
            alarms,
            urgent=True,
        )
    unseen = due.filter(reviewed_at=None)
    yield HomeBlock(
        _("Emergency accesses to review"),
        reverse("emergencies"),
        unseen.count(),
        tell_overdue(acting) or oldest_since(unseen, "opened_at"),
        _("Every emergency access has its finding."),
        urgent=unseen.exists(),
    )
    untold = due.filter(told_at=None)
    yield HomeBlock(
        _("Patients to be told of an emergency access"),
        reverse("privacy"),
        untold.count(),
        oldest_since(untold, "opened_at"),
        _("Every patient has been told."),
    )
    running = due.filter(closed_at=None, until__gt=now).order_by("until")
    first = running.first()
    yield HomeBlock(
        _("Emergency accesses that are open now"),
        reverse("privacy"),
        running.count(),
        tell_left(first.until) if first else "",
        _("None is open."),
    )


def tell_overdue(acting: Principal) -> str:
    """How many have no finding after the hours in which the alliance expects one."""
    late = query_overdue_emergencies(acting).count()
    return ngettext("%(n)s is overdue", "%(n)s are overdue", late) % {"n": late} if late else ""


def tell_unreviewed_emergencies(acting: Principal) -> Iterator[HomeBlock]:
    """The auditor's: what the privacy officers have not decided yet."""
    waiting = query_seen_emergencies(acting).filter(reviewed_at=None)
    late = tell_overdue(acting)
    yield HomeBlock(
        _("Emergency accesses without a finding"),
        reverse("emergencies"),
        waiting.count(),
        late or oldest_since(waiting, "opened_at"),
        _("Every emergency access has its finding."),
        urgent=bool(late),
    )


def tell_cases(acting: Principal) -> Iterator[HomeBlock]:
    """Case files that go on, before them those that wait for this auditor's word."""
    going = query_cases(acting).filter(closed_at=None)
    waits = going.exclude(closing_by=None).exclude(closing_by_id=int(acting.id)).count()
    yield HomeBlock(
        _("Case files"),
        reverse("cases"),
        going.count(),
        ngettext(
            "%(n)s waits for a second person to close it",
            "%(n)s wait for a second person to close them",
            waits,
        )
        % {"n": waits}
        if waits
        else "",
        _("No case file goes on."),
    )


def tell_oversight(acting: Principal) -> Iterator[HomeBlock]:
    """What stands provisionally, and ends of decisions and decisions that wait."""
    provisional = pending_confirmations.query_provisional_verdicts(acting)
    first = provisional.order_by("until").first()
    yield HomeBlock(
        _("Provisional confirmations"),
        reverse("oversight"),
        provisional.count(),
        tell_left(first.until) if first and first.until else "",
        _("Nothing stands provisionally."),
    )
    here = None if acting.alliance_wide else True
    for title, rows, column in (
        (
            _("Refusals that are to end"),
            pending_confirmations.query_waiting_withdrawals(acting),
            "withdrawn_at",
        ),
        (
            _("Decisions that nobody else stands behind"),
            pending_confirmations.query_waiting_directives(acting, here=here),
            "recorded_at",
        ),
        (
            _("Treatment that a system alone has written"),
            pending_confirmations.query_system_only_treatments(acting),
            "noted_at",
        ),
    ):
        yield HomeBlock(
            title,
            reverse("oversight"),
            rows.count(),
            oldest_since(rows, column),
            _("Nothing waits."),
        )


def tell_vouching(acting: Principal) -> Iterator[HomeBlock]:
    accounts, systems = list_accounts_to_vouch(acting), list_clients_to_vouch(acting)
    since = [s.issued_at for s in accounts if s.issued_at] + [c.created_at for c in systems]
    yield HomeBlock(
        _("Accounts and systems that you can vouch for"),
        reverse("vouching"),
        len(accounts) + len(systems),
        tell_wait(min(since)) if since else "",
        _("Somebody has vouched for all of them."),
    )


def tell_proposals(acting: Principal) -> Iterator[HomeBlock]:
    if not acting.alliance_wide:
        return
    waiting = query_open_proposals().exclude(proposed_by_id=int(acting.id))
    first = waiting.order_by("expires_at").first()
    yield HomeBlock(
        _("Proposals that wait for your word"),
        reverse("proposals"),
        waiting.count(),
        tell_left(first.expires_at) if first else "",
        _("No proposal waits for you."),
    )


def tell_hospitals(acting: Principal) -> Iterator[HomeBlock]:
    shut = [h for h in hospitals_with_permission(acting, "administer_hospital") if not h.active]
    yield HomeBlock(
        _("Suspended hospitals"),
        reverse("hospitals"),
        len(shut),
        _(", ").join(map(str, shut[:3])),
        _("Every hospital takes part."),
    )


def tell_operation(acting: Principal) -> Iterator[HomeBlock]:
    """The state of operation in one line."""
    if not acting.alliance_wide:
        return
    found = assess_state(read_current_state())
    worst = worst_urgency(found)
    named = [verdict.about for verdict in found if verdict.level == worst]
    yield HomeBlock(
        _("Operation"),
        reverse("operations"),
        says=_("All is well.")
        if worst == Urgency.OK
        else _("To look at: %s") % _(", ").join(named[:3]),
        urgent=worst == Urgency.ACT,
    )


def tell_log(acting: Principal) -> Iterator[HomeBlock]:
    """The auditor's: is the log intact, what was exported, refused and opened in an emergency."""
    hospitals = hospitals_with_permission(acting, "audit_hospital")
    auditors = list(
        Staff.objects.filter(role=Role.AUDITOR, hospital__in=hospitals).values_list("pk", flat=True)
    )
    seal = next(assess_seal(read_current_state()))
    sealing = _("Sealing keeps up.") if seal.level == Urgency.OK else seal.says
    checked = list_newest_acts(auditors, EventCode.AUDIT_READ, 1, "verify")
    last = (
        _("Checked %(at)s: %(found)s.")
        % {"at": tell_time(checked[0].at), "found": tell_check(checked[0].detail)}
        if checked
        else _("Nobody has checked it in the last 30 days.")
    )
    contradictions, _at = count_contradictions()
    if contradictions:
        last = _("Alarm: a member's machine has seen another log than this one.") + " " + last
    yield HomeBlock(
        _("Is the log intact?"),
        f"{reverse('audit')}#witnesses" if contradictions else reverse("audit"),
        says=f"{sealing} {last}",
        urgent=seal.level == Urgency.ACT
        or bool(contradictions)
        or bool(checked and checked[0].detail != "intact"),
    )
    exports = list_newest_acts(auditors, EventCode.AUDIT_EXPORT, 100)
    yield HomeBlock(
        _("Exports of the log in 30 days"),
        reverse("audit"),
        len(exports),
        _("the last %(at)s") % {"at": tell_time(exports[0].at)} if exports else "",
        _("Nothing was exported."),
    )
    day = timezone.localdate() - dt.timedelta(days=1)
    since = timezone.make_aware(dt.datetime.combine(day, dt.time()))
    codes = None if acting.alliance_wide else tuple(h.code for h in hospitals)
    for title, empty, query, asked in (
        (
            _("Refused since yesterday"),
            _("Nothing was refused."),
            f"outcome={AuditOutcome.REFUSED}",
            AuditFilter(start=since, outcome=AuditOutcome.REFUSED, hospitals=codes, patients=True),
        ),
        (
            _("Emergency access since yesterday"),
            _("There was none."),
            "emergency=on",
            AuditFilter(start=since, emergency=True, hospitals=codes, patients=True),
        ),
    ):
        yield HomeBlock(
            title,
            f"{reverse('audit')}?start={day.isoformat()}&{query}",
            count_audit_lines(asked),
            _("lines of the log"),
            empty,
        )


def tell_check(detail: str) -> str:
    return _("intact") if detail == "intact" else _("NOT INTACT")


def tell_time(at: dt.datetime) -> str:
    return date_format(timezone.localtime(at), "Y-m-d H:i")


def list_own_emergencies(acting: Principal) -> QuerySet[Emergency]:
    """Those that the acting one has open now, the one that ends first before the others."""
    return Emergency.objects.filter(
        staff_id=int(acting.id),
        hospital_id=acting.hospital_id,
        closed_at=None,
        until__gt=timezone.now(),
    ).order_by("until")


BLOCKS: tuple[tuple[Permission, Callable[[Principal], Iterator[HomeBlock]]], ...] = (
    (Permission.REFERRAL_SEE, tell_referrals),
    (Permission.REFERRAL_CARE, tell_home_tasks),
    (Permission.REFERRAL_SEE, tell_late_referrals),
    (Permission.REFERRAL_SEE, tell_consultations),
    (Permission.REFERRAL_SEE, tell_sending),
    (Permission.RELATION_DECLARE, tell_own_treatments),
    (Permission.LINK_REVIEW, tell_pairs),
    (Permission.CODE_MAP, tell_mappings),
    (Permission.SYNC_MEND, tell_dead_letters),
    (Permission.SYNC_SEE, tell_sync),
    (Permission.EMERGENCY_REVIEW, tell_emergencies),
    (Permission.EMERGENCY_REVIEW, tell_oversight),
    (Permission.CONFIRM, tell_confirmations),
    (Permission.AUDIT_READ, tell_log),
    (Permission.AUDIT_READ, tell_unreviewed_emergencies),
    (Permission.CASE_KEEP, tell_cases),
    (Permission.STAFF_VOUCH, tell_vouching),
    (Permission.PROPOSAL_DECIDE, tell_proposals),
    (Permission.HOSPITAL_MANAGE, tell_hospitals),
    (Permission.HOSPITAL_MANAGE, tell_unheeded_referrals),
    (Permission.HOSPITAL_MANAGE, tell_unheeded_consultations),
    (Permission.OPERATIONS_SEE, tell_operation),
)
