"""The sync board: how each member's systems are, counts alone; and of one member what waits, for
which causes (docs/adr/0069).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from records.sync.board import (
    BoardStream,
    LetterCause,
    MemberSystem,
    list_member_systems,
    list_streams,
)
from records.sync.dead_letters import LetterState
from records.sync.shown_letter import describe_rule
from records.sync.state_words import SIDE_WORDS, describe_seconds, say_state
from records.sync.system_state import Side, SystemState, assess_system, list_troubles
from records.web.sync_access import find_board_hospital, list_board_hospitals, may_mend

PAGE = 50  # systems
MOST_CAUSES = 100  # of a member's page


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A system with its most urgent sentence."""

    system: MemberSystem
    state: SystemState

    @property
    def says(self) -> str:
        return say_state(self.state)

    @property
    def side(self) -> str:
        return SIDE_WORDS[self.state.side]()

    @property
    def tag(self) -> str:
        """Class of the tag."""
        if self.state.side is Side.NOBODY:
            return "own"
        return "bad" if self.state.urgent else ""

    @property
    def lag(self) -> str:
        if self.system.lag_p50 is None:
            return ""
        low, high = (describe_seconds(s or 0.0) for s in (self.system.lag_p50, self.system.lag_p95))
        return f"{low} / {high}"

    @property
    def oldest(self) -> str:
        beat = self.system.heartbeat
        return describe_seconds(beat.oldest) if beat and beat.backlog else ""

    @property
    def clock(self) -> str:
        beat = self.system.heartbeat
        return describe_seconds(beat.clock) if beat else ""

    @property
    def quality(self) -> str:
        """Rounded down: 100 only where nothing was refused."""
        found = self.system.quality
        return "" if found is None else f"{int(found * 10) / 10:.1f}%"


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause over all systems of the member."""

    rule: str
    field: str
    state: LetterState
    count: int
    why: str


def tell_language() -> str:
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


def build_rows(systems: Sequence[MemberSystem]) -> list[BoardRow]:
    """The most urgent first."""
    now = timezone.now()
    rows = [BoardRow(system, assess_system(system, now)) for system in systems]
    return sorted(rows, key=lambda r: (r.state.rank, r.system.hospital.code, r.system.client))


def group_causes(systems: Sequence[MemberSystem]) -> list[CauseRow]:
    """The most frequent first."""
    counts: dict[tuple[str, str, LetterState], int] = {}
    for cause in (cause for system in systems for cause in system.causes):
        key = cause_key(cause)
        counts[key] = counts.get(key, 0) + cause.count
    return [
        CauseRow(rule, place, state, count, describe_rule(rule, place)[tell_language()])
        for (rule, place, state), count in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    ]


def cause_key(cause: LetterCause) -> tuple[str, str, LetterState]:
    return cause.rule, cause.field, cause.state


@require_GET
@require_staff(Permission.SYNC_SEE)
def board_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """All systems that somebody may see; who sees one hospital alone gets its page."""
    hospitals = list_board_hospitals(acting)
    if len(hospitals) == 1 and not acting.alliance_wide:
        return redirect("sync-member", hospitals[0].code)
    rows = build_rows(list_member_systems(hospitals))
    return render(
        request,
        "records/sync_board.html",
        {
            "rows": Paginator(rows, PAGE).get_page(request.GET.get("page")),
            "us": sum(r.state.side is Side.US for r in rows),
            "them": sum(r.state.side is Side.THEM for r in rows),
            "well": sum(r.state.side is Side.NOBODY for r in rows),
            "letters": sum(r.system.open for r in rows),
        },
    )


@require_GET
@require_staff(Permission.SYNC_SEE)
def member_page(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """One member's systems, streams and causes. Raises Http404."""
    hospital = find_board_hospital(code, acting)
    systems = list_member_systems([hospital])
    now = timezone.now()
    streams: dict[str, list[BoardStream]] = {}
    for stream in list_streams(hospital.pk):
        streams.setdefault(stream.client, []).append(stream)
    causes = group_causes(systems)
    return render(
        request,
        "records/sync_member.html",
        {
            "hospital": hospital,
            "rows": [
                (
                    row,
                    [
                        say_state(s)
                        for s in sorted(list_troubles(row.system, now), key=lambda s: s.rank)
                    ][1:],
                    streams.get(row.system.client, []),
                )
                for row in build_rows(systems)
            ],
            "causes": causes[:MOST_CAUSES],
            "more_causes": max(0, len(causes) - MOST_CAUSES),
            "mends": may_mend(acting, hospital),
            "sets": acting.may(Permission.CLIENT_MANAGE),
            "several": len(list_board_hospitals(acting)) > 1 or acting.alliance_wide,
        },
    )
