"""Set the PostgreSQL session variables that the row level security policies read, so that a
statement gets no row beyond the scope, whatever it asks (alliance.database.row_policies installs
the policies, docs/adr/0022).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

from alliance.database.connection_settings import HOSPITAL_SETTING, PATIENTS_SETTING, SHARED_ROLE
from consent.from_records import asked
from consent.terms import Scope

ROW_SECURITY_ACTIVE_SQL = f"SELECT row_security_active('{asked.walled}')"
SET_SESSION_SCOPE_SQL = (
    f"SELECT set_config('role', %(role)s, %(local)s), set_config('{HOSPITAL_SETTING}',"
    f" %(hospital)s, %(local)s), set_config('{PATIENTS_SETTING}', %(patients)s, %(local)s)"
)


@dataclass(frozen=True, slots=True)
class RowScope:
    """The rows that a session may see: a hospital's store, or what is about these patients and no
    other, and the directory; by default nothing at all.
    """

    hospital: int | None = None
    patients: tuple[int, ...] | None = None


@dataclass(slots=True)
class SessionState:
    """What a connection was last sent. enforced: whether row security applies to its role; dirty:
    the scope was changed inside a transaction and must be sent again.
    """

    enforced: bool
    row_scope: RowScope | None = None
    dirty: bool = False


session_states: WeakKeyDictionary[Any, SessionState] = WeakKeyDictionary()


def session_state(cursor: Any) -> SessionState:
    known = session_states.get(connection.connection)
    if known is None:
        cursor.execute(ROW_SECURITY_ACTIVE_SQL)
        known = session_states[connection.connection] = SessionState(bool(cursor.fetchone()[0]))
    return known


def set_session_scope(cursor: Any, reach: RowScope) -> None:
    """Send the scope to the session; nothing is sent where it is set already. In a transaction it
    is set for the transaction alone, since what a rollback takes back is not known.
    """
    known, within = session_state(cursor), connection.in_atomic_block
    if not known.enforced:
        return
    if not within:
        known.dirty = False
    if known.row_scope == reach and not known.dirty:
        return
    cursor.execute(
        SET_SESSION_SCOPE_SQL,
        {
            "role": "none" if reach.patients is None else SHARED_ROLE,
            "hospital": "" if reach.hospital is None else str(reach.hospital),
            "patients": f"{{{','.join(map(str, reach.patients or ()))}}}",
            "local": within,
        },
    )
    if within:
        known.dirty = True
    else:
        known.row_scope = reach


def row_scope_from_scope(scope: Scope) -> RowScope:
    return (
        RowScope(patients=tuple(p for p, _ in scope.patients))
        if scope.store_hospital_id is None
        else RowScope(scope.store_hospital_id)
    )


def apply_session_scope(scope: Scope | None) -> None:
    """Set the session's rows to those of the scope; None: no rows."""
    with connection.cursor() as cursor:
        if session_state(cursor).enforced:
            set_session_scope(cursor, RowScope() if scope is None else row_scope_from_scope(scope))


@contextmanager
def scoped_cursor(scope: Scope) -> Iterator[Any]:
    """Open a cursor whose statements see only the rows of the scope."""
    with connection.cursor() as cursor:
        if session_state(cursor).enforced:
            set_session_scope(cursor, row_scope_from_scope(scope))
        yield cursor


@contextmanager
def hospital_cursor(hospital: int) -> Iterator[Any]:
    """Open a cursor for what a hospital's own officers do with its whole store."""
    with connection.cursor() as cursor:
        set_session_scope(cursor, RowScope(hospital))
        yield cursor
