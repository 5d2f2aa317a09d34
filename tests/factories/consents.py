"""Consents of invented patients, by the templates that the pages use."""

import datetime as dt
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.models import Directive
from consent.services.directives import do_record_directive
from consent.templates import Choice, Template, consent
from consent.terms import Source


def give(person: UUID, *, sources: tuple[Source, ...], acting: Principal, effect: str = "permit", recipient_id: int | None = None, source_id: int | None = None,
         sensitive: bool = False, valid_until: dt.datetime | None = None) -> Directive:
    """A permit or denial from all or one hospital, to all or one."""
    codes = {h: [Hospital.objects.get(pk=h).code] if h else [] for h in (recipient_id, source_id)}
    chosen = Choice(Template.NOTHING if effect == "deny" else Template.SHARE, codes[recipient_id], codes[source_id], ["R"] if sensitive else [])
    return given(person, consent(chosen), sources=sources, acting=acting, valid_until=valid_until)


def given(person: UUID, resource: dict[str, Any], **more: Any) -> Directive:
    return do_record_directive(person, resource, **({"method": "paper", "evidence": "x"} | more))
