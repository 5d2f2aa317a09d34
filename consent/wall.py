"""The second wall, from inside: the connection is told what the scope reaches, and PostgreSQL gives it no row beyond that, whatever a statement
asks (alliance.config.wall raises it, docs/adr/0022)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

from alliance.config.database import HOSPITAL, PATIENTS, SHARED_ROLE
from consent.terms import Scope

ACTIVE = "SELECT row_security_active('record_resource')"
TELL = f"SELECT set_config('role', %(role)s, %(local)s), set_config('{HOSPITAL}', %(hospital)s, %(local)s), set_config('{PATIENTS}', %(patients)s, %(local)s)"


@dataclass(frozen=True, slots=True)
class Reach:
    """A hospital's store, or what is about these patients and no other, and the directory; by itself nothing at all."""

    hospital: int | None = None
    patients: tuple[int, ...] | None = None


@dataclass(slots=True)
class Told:
    """What a connection was told last. stands: whether there is a wall for its role; otherwise: since it was outside of any transaction one has been told something else."""

    stands: bool
    reach: Reach | None = None
    otherwise: bool = False


connections: WeakKeyDictionary[Any, Told] = WeakKeyDictionary()


def told(cursor: Any) -> Told:
    known = connections.get(connection.connection)
    if known is None:
        cursor.execute(ACTIVE)
        known = connections[connection.connection] = Told(bool(cursor.fetchone()[0]))
    return known


def tell(cursor: Any, reach: Reach) -> None:
    """Nothing is sent where the connection knows it. In a transaction it is said for the transaction alone, for what a rollback takes back is not known."""
    known, within = told(cursor), connection.in_atomic_block
    if not known.stands:
        return
    if not within:
        known.otherwise = False
    if known.reach == reach and not known.otherwise:
        return
    cursor.execute(TELL, {"role": "none" if reach.patients is None else SHARED_ROLE, "hospital": "" if reach.hospital is None else str(reach.hospital),
                          "patients": f"{{{','.join(map(str, reach.patients or ()))}}}", "local": within})
    if within:
        known.otherwise = True
    else:
        known.reach = reach


def reach_of(scope: Scope) -> Reach:
    return Reach(patients=tuple(p for p, _ in scope.patients)) if scope.whole is None else Reach(scope.whole)


def stand(scope: Scope | None) -> None:
    """None: nothing is reached."""
    with connection.cursor() as cursor:
        if told(cursor).stands:
            tell(cursor, Reach() if scope is None else reach_of(scope))


@contextmanager
def behind(scope: Scope) -> Iterator[Any]:
    """A cursor whose statements find what the scope reaches."""
    with connection.cursor() as cursor:
        if told(cursor).stands:
            tell(cursor, reach_of(scope))
        yield cursor


@contextmanager
def inside(hospital: int) -> Iterator[Any]:
    """A cursor for what a hospital's own officers do with its whole store."""
    with connection.cursor() as cursor:
        tell(cursor, Reach(hospital))
        yield cursor
