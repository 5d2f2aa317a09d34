"""An unusual access as a thing that an auditor gathers in a case file."""

from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.services.authority import hospitals_with_permission
from consent.services.case_gathering import ItemFace
from records.access_review.episode_query import load_episode

EPISODE = "episode"


def find_episode_face(ref: str, acting: Principal) -> ItemFace | None:
    """None but for who audits the hospital for which it was done. ref: the episode's number."""
    if not ref.isdecimal() or len(ref) > 18:
        return None
    audited = hospitals_with_permission(acting, "audit_hospital")
    found = load_episode(int(ref), [h.pk for h in audited])
    if found is None:
        return None
    words = _("unusual access no. %s") % found.pk
    return ItemFace(words, f"/audit/unusual/{found.pk}/", found.person)
