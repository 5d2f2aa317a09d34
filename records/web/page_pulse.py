"""What a page of work is given to notice that something has changed since it was made."""

import json
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.models import WorkItem
from alliance.workflow import pulse


@dataclass(frozen=True, slots=True)
class PagePulse:
    """reload: "yes" where the page may be loaded anew of itself while somebody is there."""

    token: str
    mark: str
    ringing: str
    says: Promise | str
    here: str
    reload: str = ""


def list_pulse(hospital_id: int, here: str, *, reloads: bool) -> PagePulse:
    """Asked before what the page lists, so that nothing falls between the two."""
    now = pulse.ask_hospital(hospital_id)
    return PagePulse(
        pulse.sign_hospital(hospital_id),
        now.mark,
        json.dumps(json.loads(now.body)["ringing"]),
        _("Something has changed since this list was made."),
        here,
        "yes" if reloads else "",
    )


def item_pulse(item: WorkItem, here: str) -> PagePulse:
    """By the item as it was read."""
    now = pulse.build_pulse([(item.version, item.alarm)], [])
    return PagePulse(
        pulse.sign_item(item.pk),
        now.mark,
        "[]",
        _("This has been moved on since you opened it."),
        here,
    )
