"""What waits on the first page of what members send: refused records, systems that need somebody,
local codes.
"""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.roles import Permission
from records.sync.board import count_dead_letters, list_member_systems
from records.sync.dead_letters import LetterState
from records.sync.state_words import say_state
from records.sync.system_state import assess_system
from records.web.home_block import HomeBlock, oldest_since, tell_wait
from records.web.mapping_pages import query_open_proposals as query_open_proposals_of_codes
from records.web.sync_access import list_board_hospitals


def tell_mappings(acting: Principal) -> Iterator[HomeBlock]:
    """Proposals about local codes that wait for another clerk than who made them."""
    waiting = query_open_proposals_of_codes(acting).exclude(proposed_by_id=int(acting.id))
    yield HomeBlock(
        _("Mappings of local codes that wait for a second clerk"),
        reverse("mapping-inbox"),
        waiting.count(),
        oldest_since(waiting, "proposed_at"),
        _("Nothing waits."),
    )


def tell_dead_letters(acting: Principal) -> Iterator[HomeBlock]:
    """The own hospital's records that were refused: the record clerk mends them."""
    counted = count_dead_letters(acting.hospital_id)
    count, since = counted.get(LetterState.OPEN, (0, None))
    yield HomeBlock(
        _("Records that were refused"),
        reverse("sync-member", args=[acting.hospital]),
        count,
        tell_wait(since) if since else "",
        _("No record waits to be mended."),
    )


def tell_sync(acting: Principal) -> Iterator[HomeBlock]:
    """Members whose sync needs somebody, for who administers them."""
    if not acting.may(Permission.CLIENT_MANAGE):
        return
    now = timezone.now()
    states = [
        (system, state)
        for system in list_member_systems(list_board_hospitals(acting), counted=False)
        if (state := assess_system(system, now)).urgent
    ]
    states.sort(key=lambda found: found[1].rank)
    yield HomeBlock(
        _("Members whose sync needs somebody"),
        reverse("sync-board"),
        len({system.hospital.pk for system, _state in states}),
        f"{states[0][0].hospital}: {say_state(states[0][1])}" if states else "",
        _("The sync of every member works."),
        urgent=bool(states),
    )
