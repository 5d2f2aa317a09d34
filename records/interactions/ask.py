"""What an interaction is asked and what it answers; HTTP-free, so that pages and the REST API call the same functions."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.auth.scopes import Need
from alliance.models import Hospital
from alliance.roles import Permission
from consent.audit.event import EventCode
from consent.terms import AccessRequest
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.types import DIRECTORY, TYPES
from records.mpi import sources
from records.store.rows import Row

ALLIANCE = "alliance"
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Ask:
    """principal asks something of a base: a member's code, or "alliance" (hospital_id None)."""

    principal: Principal
    base: str
    hospital_id: int | None
    root: str = ""  # absolute url of the bases, for links
    returns: str = ""  # what a write's answer shows: minimal, representation or OperationOutcome, as the client prefers it (RFC 7240 4.2)

    @property
    def own(self) -> bool:
        return self.hospital_id == self.principal.hospital_id

    @property
    def address(self) -> str:
        """Absolute, of the base itself; "" where nobody asks over HTTP."""
        return f"{self.root}/{self.base}" if self.root else ""

    def url(self, row: Row) -> str:
        """fullUrl of a row in the store that owns it."""
        return f"{self.root}/{row.hospital}/{row.type_name}/{row.fhir_id}"


@dataclass(frozen=True, slots=True)
class Answer:
    """warnings: of what was taken all the same; they reach the client in an OperationOutcome, where the answer has one."""

    status: int
    body: bytes = b""
    version: int | None = None
    last_updated: dt.datetime | None = None
    location: str = ""
    warnings: tuple[Issue, ...] = ()
    media: str = ""  # of the body, where it is not FHIR's JSON


def base(principal: Principal, code: str, root: str) -> Ask:
    """Raises NotFound for a base that no member has."""
    if code == ALLIANCE:
        return Ask(principal, code, None, root)
    if code == principal.hospital:
        return Ask(principal, code, principal.hospital_id, root)
    hospital_id = Hospital.objects.filter(code=code).values_list("pk", flat=True).first()
    if hospital_id is None:
        raise NotFound(Issue("not-found", f"There is no base {code!r}. Your own is /fhir/{principal.hospital}/, the shared one /fhir/alliance/."))
    return Ask(principal, code, hospital_id, root)


def known_type(name: str) -> None:
    if name not in TYPES:
        raise NotSupported(Issue("not-supported", f"{name!r} is not a resource type that is hosted here; GET metadata lists them."))


def own_request(ask: Ask, code: EventCode, target: str, *, permission: Permission = Permission.RECORD_READ, detail: str = "",
                writing: bool = False, need: Need | None = None) -> AccessRequest:
    """A request that only the base's own hospital may make. need: what it takes of the token (docs/how-to/scopes.md); unstated, everything."""
    hospital = ask.hospital_id if ask.own else None
    return AccessRequest(ask.principal, permission, code, f"{ask.base}/{target}", detail, hospital_id=hospital, writing=writing or not ask.own, need=need)


def person_request(ask: Ask, code: EventCode, target: str, person: UUID | None, detail: str = "", *, need: Need | None = None) -> AccessRequest:
    """A request about one person, through all of his source patients. Nobody costs the same steps as somebody."""
    found = sources.of_person(person or NOBODY)
    return AccessRequest(ask.principal, Permission.RECORD_READ, code, f"{ask.base}/{target}", detail, person=person, sources=found, known=found, need=need)


def resource_request(ask: Ask, code: EventCode, type_name: str, fhir_id: str) -> AccessRequest:
    """A request for one resource: at the own base as such, at another's through the person whom it is about."""
    target, need = f"{type_name}/{fhir_id}", Need("r", (type_name,))
    if ask.own or ask.hospital_id is None:
        return own_request(ask, code, target, need=need)
    if type_name in DIRECTORY:
        return AccessRequest(ask.principal, Permission.RECORD_READ, code, f"{ask.base}/{target}", directory=True, need=need)
    person = sources.person_of_resource(ask.hospital_id, type_name, fhir_id)
    request = person_request(ask, code, target, person, need=need)
    return replace(request, sources=tuple(s for s in request.sources if s.hospital_id == ask.hospital_id))


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def summary(names: list[str]) -> str:
    """Parameter names for the audit line, never values."""
    return "&".join(sorted(set(names)))[:200]


Json = dict[str, Any]
