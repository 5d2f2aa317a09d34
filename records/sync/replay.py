"""Act on dead letters by hand: try them again once the platform or a mapping was mended, or drop
what will never be sent again, with the reason.
"""

from collections.abc import Collection
from itertools import groupby

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import Hospital
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.sync import dead_letters
from records.sync.dead_letters import DeadLetter
from records.sync.version_guard import ItemOutcome
from records.sync.waiting_letters import retry_letters

LONGEST_REASON = 200  # characters
MOST = 1_000  # letters of one act
DROP = """
UPDATE record_sync_dead_letter SET state = 'dropped', settled_at = clock_timestamp(), content = '',
  settled_by = %s, reason = %s WHERE id = ANY(%s)
"""
REPLAYED = "UPDATE record_sync_dead_letter SET settled_by = %s WHERE id = ANY(%s)"


class NoReason(ValueError):
    """A letter is dropped with a reason."""


def check_may_mend(acting: Principal, hospital: Hospital) -> None:
    """Raises Forbidden unless it is a record clerk of this hospital, whose letters hold its own
    patients' data. The server's operator may act on them, too, and sees no value.
    """
    if acting.kind == "operator":
        return
    check_permission(acting, Permission.SYNC_MEND, _("Your role does not mend dead letters."))
    if acting.kind != "staff" or acting.hospital_id != hospital.pk:
        raise Forbidden("object", "These are another hospital's dead letters.")


def do_replay_dead_letters(
    hospital: Hospital, ids: Collection[int], *, acting: Principal
) -> dict[int, ItemOutcome]:
    """Try open and waiting letters of a hospital again, as the systems that sent them: {letter:
    what became of it}. Those of a system that was stopped stay as they are. Raises Forbidden.
    """
    check_may_mend(acting, hospital)
    with transaction.atomic():
        letters = dead_letters.lock_letters(hospital.pk, list(ids)[:MOST])
        append_event(describe(acting, EventCode.LETTER_REPLAY, hospital, letters))
        outcomes: dict[int, ItemOutcome] = {}
        letters.sort(key=lambda x: (x.client, x.scopes, x.id))
        for (client, scopes), of_client in groupby(letters, lambda x: (x.client, x.scopes)):
            outcomes |= retry_letters(
                hospital.pk, client, scopes, [x.id for x in of_client], acting.request_id
            )
        with connection.cursor() as cursor:
            cursor.execute(REPLAYED, [actor_of(acting), list(outcomes)])
    return outcomes


def do_drop_dead_letters(
    hospital: Hospital, ids: Collection[int], reason: str, *, acting: Principal
) -> int:
    """How many were open or waiting, and are dropped. Raises Forbidden, NoReason."""
    check_may_mend(acting, hospital)
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        letters = dead_letters.lock_letters(hospital.pk, list(ids)[:MOST])
        append_event(describe(acting, EventCode.LETTER_DROP, hospital, letters))
        with connection.cursor() as cursor:
            cursor.execute(
                DROP,
                [
                    actor_of(acting),
                    reason.strip()[:LONGEST_REASON],
                    [letter.id for letter in letters],
                ],
            )
    return len(letters)


def actor_of(acting: Principal) -> str:
    return f"{acting.kind}/{acting.id}"[:64]


def describe(
    acting: Principal, code: EventCode, hospital: Hospital, letters: Collection[DeadLetter]
) -> AuditEvent:
    return AuditEvent.from_principal(
        acting,
        code,
        target=f"{hospital.code}/dead-letters",
        detail=f"{len(letters)} · {','.join(str(x.id) for x in letters)}"[:200],
    )
