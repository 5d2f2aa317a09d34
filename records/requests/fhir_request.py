"""What an interaction is asked and what it answers; HTTP-free, so that pages and the REST API
call the same functions.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed
from alliance.models import Hospital
from alliance.roles import Permission
from consent.audit.event import EventCode
from consent.terms import AccessRequest
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.resource_types import DIRECTORY_TYPES, TYPES
from records.mpi.index import source_patients
from records.store.rows import Row

ALLIANCE_BASE = "alliance"
NOBODY_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class FhirRequest:
    """principal asks something of a base: a member's code, or "alliance" (hospital_id None)."""

    principal: Principal
    base: str
    hospital_id: int | None
    root: str = ""  # absolute url of the bases, for links
    # what a write's answer shows: minimal, representation or OperationOutcome, as the client
    # prefers it (RFC 7240 4.2)
    returns: str = ""

    @property
    def is_own_base(self) -> bool:
        return self.hospital_id == self.principal.hospital_id

    @property
    def base_url(self) -> str:
        """Absolute, of the base itself; "" where nobody asks over HTTP."""
        return f"{self.root}/{self.base}" if self.root else ""

    def full_url(self, row: Row) -> str:
        """fullUrl of a row in the store that owns it."""
        return f"{self.root}/{row.hospital}/{row.type_name}/{row.fhir_id}"


@dataclass(frozen=True, slots=True)
class FhirResponse:
    """warnings: of what was taken all the same; they reach the client in an OperationOutcome,
    where the answer has one.
    """

    status: int
    body: bytes = b""
    version: int | None = None
    last_updated: dt.datetime | None = None
    location: str = ""
    warnings: tuple[Issue, ...] = ()
    media: str = ""  # of the body, where it is not FHIR's JSON


def build_fhir_request(principal: Principal, base: str, root: str) -> FhirRequest:
    """Raises NotFound for a base that no member has."""
    if base == ALLIANCE_BASE:
        return FhirRequest(principal, base, None, root)
    if base == principal.hospital:
        return FhirRequest(principal, base, principal.hospital_id, root)
    hospital_id = Hospital.objects.filter(code=base).values_list("pk", flat=True).first()
    if hospital_id is None:
        raise NotFound(
            Issue(
                "not-found",
                f"There is no base {base!r}. Your own is /fhir/{principal.hospital}/, the shared"
                " one /fhir/alliance/.",
            )
        )
    return FhirRequest(principal, base, hospital_id, root)


def check_hosted_type(name: str) -> None:
    if name not in TYPES:
        raise NotSupported(
            Issue(
                "not-supported",
                f"{name!r} is not a resource type that is hosted here; GET metadata lists them.",
            )
        )


def request_own_access(
    fhir_request: FhirRequest,
    code: EventCode,
    target: str,
    *,
    permission: Permission = Permission.RECORD_READ,
    detail: str = "",
    is_write: bool = False,
    need: ScopeNeed | None = None,
) -> AccessRequest:
    """A request that only the base's own hospital may make. need: what it takes of the token
    (docs/how-to/scopes.md); unstated, everything.
    """
    hospital = fhir_request.hospital_id if fhir_request.is_own_base else None
    return AccessRequest(
        fhir_request.principal,
        permission,
        code,
        f"{fhir_request.base}/{target}",
        detail,
        hospital_id=hospital,
        writing=is_write or not fhir_request.is_own_base,
        need=need,
    )


def request_person_access(
    fhir_request: FhirRequest,
    code: EventCode,
    target: str,
    person_id: UUID | None,
    detail: str = "",
    *,
    need: ScopeNeed | None = None,
) -> AccessRequest:
    """A request about one person, through all of their source patients. Nobody costs the same
    steps as somebody.
    """
    sources = source_patients.sources_of_person(person_id or NOBODY_ID)
    return AccessRequest(
        fhir_request.principal,
        (
            Permission.OWN_RECORD_READ
            if fhir_request.principal.kind == "patient"
            else Permission.RECORD_READ
        ),
        code,
        f"{fhir_request.base}/{target}",
        detail,
        person=person_id,
        sources=sources,
        all_sources=sources,
        need=need,
    )


def request_resource_access(
    fhir_request: FhirRequest, code: EventCode, type_name: str, fhir_id: str
) -> AccessRequest:
    """A request for one resource: at the own base as such, at another's through the person whom
    it is about.
    """
    target, need = f"{type_name}/{fhir_id}", ScopeNeed("r", (type_name,))
    if fhir_request.is_own_base or fhir_request.hospital_id is None:
        return request_own_access(fhir_request, code, target, need=need)
    if type_name in DIRECTORY_TYPES:
        return AccessRequest(
            fhir_request.principal,
            Permission.RECORD_READ,
            code,
            f"{fhir_request.base}/{target}",
            directory=True,
            need=need,
        )
    person_id = source_patients.find_person_of_resource(
        fhir_request.hospital_id, type_name, fhir_id
    )
    request = request_person_access(fhir_request, code, target, person_id, need=need)
    return replace(
        request,
        sources=tuple(s for s in request.sources if s.hospital_id == fhir_request.hospital_id),
    )


def parse_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def join_parameter_names(names: list[str]) -> str:
    """Parameter names for the audit line, never values."""
    return "&".join(sorted(set(names)))[:200]


Json = dict[str, Any]
