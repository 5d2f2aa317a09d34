"""Consents of invented patients, by the templates that the pages use."""

import datetime as dt
import re
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
    template = {("deny", False): Template.NOTHING, ("deny", True): Template.REFUSE, ("permit", False): Template.SHARE, ("permit", True): Template.ONLY}[effect, bool(recipient_id)]
    chosen = Choice(template, codes[recipient_id], codes[source_id], ["R"] if sensitive else [])
    return given(person, consent(chosen), sources=sources, acting=acting, valid_until=valid_until)


def signed(browser: Any, address: str, form: dict[str, Any], **more: Any) -> Any:
    """A decision read back and then saved, as a clerk or patient does it: the answer to the second form."""
    read = browser.post(address, form | {"read": "1"}, headers={"Accept-Language": "en"})
    said = re.search(r'name="said" value="(\w+)"', read.content.decode())
    return browser.post(address, form | {"said": said.group(1) if said else "", "save": "1"} | more, headers={"Accept-Language": "en"})


def given(person: UUID, resource: dict[str, Any], **more: Any) -> Directive:
    return do_record_directive(person, resource, **({"method": "paper", "evidence": "x"} | more))
