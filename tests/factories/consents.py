"""Consents of invented patients, by the templates that the pages use."""

import datetime as dt
import re
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.models import Directive
from consent.services.directive_records import do_record_directive
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from consent.terms import Source


def record_choice(
    person: UUID,
    *,
    sources: tuple[Source, ...],
    acting: Principal,
    effect: str = "permit",
    recipient_id: int | None = None,
    source_id: int | None = None,
    sensitive: bool = False,
    valid_until: dt.datetime | None = None,
) -> Directive:
    """A permit or denial from all or one hospital, to all or one."""
    codes = {h: [Hospital.objects.get(pk=h).code] if h else [] for h in (recipient_id, source_id)}
    template = {
        ("deny", False): ConsentTemplate.NOTHING,
        ("deny", True): ConsentTemplate.REFUSE,
        ("permit", False): ConsentTemplate.SHARE,
        ("permit", True): ConsentTemplate.ONLY,
    }[effect, bool(recipient_id)]
    chosen = ConsentChoice(
        template, codes[recipient_id], codes[source_id], ["R"] if sensitive else []
    )
    return record_consent(
        person, build_consent(chosen), sources=sources, acting=acting, valid_until=valid_until
    )


def post_signed_decision(browser: Any, address: str, form: dict[str, Any], **more: Any) -> Any:
    """A decision read back and then saved, as a clerk or patient does it: the answer to the
    second form.
    """
    read = browser.post(address, form | {"read": "1"}, headers={"Accept-Language": "en"})
    said = re.search(r'name="said" value="(\w+)"', read.content.decode())
    return browser.post(
        address,
        form | {"said": said.group(1) if said else "", "save": "1"} | more,
        headers={"Accept-Language": "en"},
    )


def record_consent(person: UUID, resource: dict[str, Any], **more: Any) -> Directive:
    return do_record_directive(person, resource, **({"method": "paper", "evidence": "x"} | more))
