"""A local code that somebody names, of their system's catalogue or another member's map."""

from django.utils import timezone

from alliance.models import Hospital
from records.mapping.local_code import LocalCodeKey
from records.models import LocalCode


def get_catalogue_code(hospital: Hospital, named: LocalCodeKey) -> LocalCode:
    """Also of a code that no record has: a table may be a system's whole catalogue, and what came
    of a row does not tell whether any record has its code.
    """
    code, _created = LocalCode.objects.get_or_create(
        hospital=hospital,
        key=named.digest,
        defaults={
            "kind": named.kind.value,
            "system": named.system,
            "code": named.code,
            "text": named.text,
            "first_seen_at": timezone.now(),
        },
    )
    return code
