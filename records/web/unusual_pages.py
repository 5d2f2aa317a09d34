"""The auditor's pages of unusual accesses: the lists of the days, and one access with what was
looked for, what makes it conspicuous, and what auditors found (docs/adr/0079).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital, Staff
from alliance.roles import STAFF_ROLES, Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.day_span import DaySpan
from consent.audit.event import AuditEvent, EventCode
from consent.audit.line_names import LineNames, load_person_names
from records.access_review.episode_query import (
    SHARE_DAYS,
    Episode,
    count_open_episodes,
    load_episode,
    load_figures,
    load_listed_episodes,
)
from records.access_review.list_episodes import MOST
from records.models import AccessRule, EpisodeOutcome
from records.web.episode_words import list_tried_templates, say_part, say_way

SHOWN_PARTS = 3
TEMPLATE_ORDER_SQL = "SELECT code FROM record_access_template WHERE enabled ORDER BY place"


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """parts: (words, points), the greatest first; log_query: of its lines in the log."""

    episode: Episode
    staff: Staff | None
    role: str
    hospital: str
    patient: str
    way: str
    outcome: str
    parts: list[tuple[str, float]]
    log_query: str

    @property
    def main_parts(self) -> list[tuple[str, float]]:
        return self.parts[:SHOWN_PARTS]


@require_GET
@require_staff(Permission.AUDIT_READ)
def unusual_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Of the hospitals that the auditor audits. The look is itself in the log, with everybody whose
    name it showed.
    """
    audited = hospitals_with_permission(acting, "audit_hospital")
    chosen = [h for h in audited if h.code == request.GET.get("hospital")] or audited
    only_open = request.GET.get("all") != "1"
    day, number = read_day(request.GET.get("day", "")), read_number(request.GET.get("page", ""))
    ids = [h.pk for h in chosen]
    found, more = load_listed_episodes(ids, day, only_open=only_open, page=number)
    rows = build_rows(found, audited, acting)
    log_look(acting, "unusual", found)
    figures = load_figures(ids, timezone.localdate())
    return render(
        request,
        "records/unusual.html",
        {
            "rows": rows,
            "hospitals": audited if len(audited) > 1 else [],
            "chosen": chosen[0] if len(chosen) == 1 else None,
            "day": day,
            "only_open": only_open,
            "next": number + 1 if more else None,
            "waiting": count_open_episodes(ids),
            "figures": figures,
            "days": SHARE_DAYS,
            "most": MOST,
            "rules": count_waiting_rules(audited),
        },
    )


@require_GET
@require_staff(Permission.AUDIT_READ)
def episode_page(request: HttpRequest, episode_id: int, *, acting: Principal) -> HttpResponse:
    episode = load_audited_episode(episode_id, acting)
    log_look(acting, f"episode/{episode.pk}", [episode])
    return render(request, "records/unusual_episode.html", describe_episode(episode, acting))


def describe_episode(episode: Episode, acting: Principal) -> dict[str, Any]:
    audited = hospitals_with_permission(acting, "audit_hospital")
    with connection.cursor() as cursor:
        cursor.execute(TEMPLATE_ORDER_SQL)
        order = [code for (code,) in cursor.fetchall()]
    return {
        "row": build_rows([episode], audited, acting)[0],
        "tried": list_tried_templates(
            episode.template, episode.evidence, emergency=episode.emergency, order=order
        ),
        "outcomes": EpisodeOutcome.Outcome.choices,
        "said": EpisodeOutcome.objects.filter(episode=episode.pk)
        .select_related("staff")
        .order_by("-pk"),
        "rules": AccessRule.objects.filter(episode=episode.pk).order_by("-pk"),
        "oneself": acting.id == str(episode.staff),
        "may_propose": episode.outcome == EpisodeOutcome.Outcome.MISSING,
        "latest": timezone.localdate() + dt.timedelta(days=366),
    }


def load_audited_episode(episode_id: int, acting: Principal) -> Episode:
    """Raises Http404 for another hospital's, as for one that there is not."""
    audited = hospitals_with_permission(acting, "audit_hospital")
    found = load_episode(episode_id, [h.pk for h in audited]) if episode_id < 2**63 else None
    if found is None:
        raise Http404
    return found


def log_look(acting: Principal, target: str, shown: list[Episode]) -> None:
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_READ,
            persons=tuple(sorted({e.person for e in shown})),
            target=target,
        )
    )


def build_rows(
    episodes: list[Episode], audited: list[Hospital], acting: Principal
) -> list[EpisodeRow]:
    """Staff of these hospitals by name, patients by name where one of them has registered them."""
    codes = None if acting.alliance_wide else tuple(h.code for h in audited)
    names = LineNames(codes, persons=load_person_names({str(e.person) for e in episodes}, codes))
    staff = Staff.objects.select_related("department", "user").in_bulk({e.staff for e in episodes})
    hospitals = {h.pk: str(h) for h in audited}
    outcomes = dict(EpisodeOutcome.Outcome.choices)
    return [
        EpisodeRow(
            e,
            staff.get(e.staff),
            str(dict(STAFF_ROLES).get(e.role, e.role)),
            hospitals.get(e.hospital, ""),
            names.person_words(e.person),
            say_way(e.way),
            str(outcomes[e.outcome]) if e.outcome else "",
            [(say_part(code, fact), points) for code, points, fact in e.parts],
            DaySpan(timezone.localdate(e.first_at), timezone.localdate(e.last_at)).query(
                actor=str(e.staff), person=str(e.person)
            ),
        )
        for e in episodes
    ]


def count_waiting_rules(audited: list[Hospital]) -> int:
    return AccessRule.objects.filter(hospital__in=audited, state=AccessRule.State.PROPOSED).count()


def read_day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None


def read_number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
