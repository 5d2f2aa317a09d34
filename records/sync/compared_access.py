"""Let a hospital's own system compare, and write that down: counts and record numbers leave, of the
types that its token may search.
"""

from collections.abc import Collection

from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed
from alliance.roles import Permission
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import EventCode
from consent.terms import AccessRequest
from records.store.rows import SEARCH


def authorize_comparison(caller: Principal, source: str, level: str) -> Collection[str] | None:
    """The types that may be compared, None for all. Raises Refused, Forbidden."""
    scope = gate.authorize_access(
        AccessRequest(
            caller,
            Permission.RECORD_READ,
            EventCode.RECORD_COMPARE,
            f"{caller.hospital}/digests",
            f"{source} {level}",
            hospital_id=caller.hospital_id,
            need=ScopeNeed(SEARCH),
        )
    )
    append_event(scope.event)
    return caller.grant.types_for(SEARCH)
