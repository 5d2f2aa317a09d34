"""Scopes of an administrator's client: what a token lets it do through the administration API.
They and the SMART scopes of systems never stand in one token (docs/adr/0052). Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from alliance.auth.scopes import EMPTY_SCOPE, NOTHING_GRANTED, BadScope, printable_scope


class AdministrationScope(StrEnum):
    """`administration/things.read` or `.write`; who may write may read what is answered."""

    HOSPITALS_READ = "administration/hospitals.read"
    HOSPITALS_WRITE = "administration/hospitals.write"
    CLIENTS_READ = "administration/clients.read"
    CLIENTS_WRITE = "administration/clients.write"
    PROPOSALS_READ = "administration/proposals.read"
    PROPOSALS_WRITE = "administration/proposals.write"


SCOPE_MEANINGS: dict[AdministrationScope, str] = {
    AdministrationScope.HOSPITALS_READ: "list the hospitals that the administrator administers",
    AdministrationScope.HOSPITALS_WRITE: (
        "the same; admit hospitals, suspend them, propose that they take part again"
    ),
    AdministrationScope.CLIENTS_READ: "list the systems of these hospitals",
    AdministrationScope.CLIENTS_WRITE: "the same; register, change and revoke systems",
    AdministrationScope.PROPOSALS_READ: "list what waits for a second administrator",
    AdministrationScope.PROPOSALS_WRITE: "the same; refuse it (to agree takes a person)",
}
UNKNOWN_ADMINISTRATION_SCOPE = (
    "The scope %(scope)s is not known here: an administrator's client may have %(known)s."
)


@dataclass(frozen=True, slots=True)
class AdministrationGrant:
    """What a token of an administrator's client may do."""

    scopes: frozenset[AdministrationScope] = frozenset()

    def allows(self, scope: AdministrationScope) -> bool:
        return bool({scope, writing_scope(scope)} & self.scopes)

    def __str__(self) -> str:
        return " ".join(sorted(self.scopes))


NO_ADMINISTRATION = AdministrationGrant()


def writing_scope(scope: AdministrationScope) -> AdministrationScope:
    """The one to write of the same things."""
    return AdministrationScope(f"{scope.rpartition('.')[0]}.write")


def parse_administration_scopes(text: str) -> AdministrationGrant:
    """Scopes with spaces between them. Raises BadScope for none, and for the first that is not
    known here.
    """
    words = text.split()
    if not words:
        raise BadScope(EMPTY_SCOPE.replace("system/*.rs", AdministrationScope.HOSPITALS_READ))
    return AdministrationGrant(frozenset(parse_administration_scope(word) for word in words))


def parse_administration_scope(word: str) -> AdministrationScope:
    if word not in AdministrationScope._value2member_map_:
        raise BadScope(
            UNKNOWN_ADMINISTRATION_SCOPE,
            scope=printable_scope(word),
            known=", ".join(AdministrationScope),
        )
    return AdministrationScope(word)


def grant_requested_administration(text: str, allowed: AdministrationGrant) -> AdministrationGrant:
    """Of what is asked for, what the client is registered for. Raises BadScope."""
    asked = parse_administration_scopes(text).scopes
    given = AdministrationGrant(frozenset(intersect_scopes(asked, allowed)))
    if not given.scopes:
        raise BadScope(NOTHING_GRANTED, allowed=str(allowed))
    return given


def intersect_scopes(
    asked: Iterable[AdministrationScope], allowed: AdministrationGrant
) -> Iterable[AdministrationScope]:
    """Each as it was asked for where it is allowed; of writing where only reading is, reading."""
    for scope in asked:
        reading = AdministrationScope(f"{scope.rpartition('.')[0]}.read")
        if allowed.allows(scope):
            yield scope
        elif allowed.allows(reading):
            yield reading
