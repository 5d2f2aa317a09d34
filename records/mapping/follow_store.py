"""Follow each hospital's store behind its writers: which local codes stand in which current record,
and which records are not as the approved mappings say. No page counts anything: it reads what this
job has counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from alliance.models import Hospital
from records.fhir.json_codec import parse_json
from records.mapping.active_mappings import load_active_mappings
from records.mapping.apply_mappings import Mappings, apply_mappings
from records.mapping.kinds import PLACES_BY_TYPE, is_shared_system
from records.mapping.local_code import (
    Json,
    LocalCodeKey,
    has_shared_code,
    read_local_code,
    walk_places,
)
from records.mapping.mapped_mark import MAPPED
from records.mapping.rewrite_history import rewrite_records
from records.models import LocalCode, MappingPosition, StandardUse
from records.store.maintenance import mapping_rows
from records.store.maintenance.mapping_rows import FollowedRow

BATCH = 500
FOLLOWED_TYPES = tuple(PLACES_BY_TYPE)
MARK = MAPPED.encode()


@dataclass(frozen=True, slots=True)
class FoundUses:
    """Of one record: its local codes, its standard codes as (kind, system, code), and whether it is
    not as the mappings say.
    """

    local: tuple[LocalCodeKey, ...]
    standard: tuple[tuple[str, str, str], ...]
    stale: bool


def follow_store(hospital: Hospital) -> int:
    """One batch; how many records were looked at."""
    mappings = load_active_mappings(hospital.pk)
    with transaction.atomic():
        MappingPosition.objects.get_or_create(hospital=hospital)
        position = (
            MappingPosition.objects.select_for_update(skip_locked=True)
            .filter(hospital=hospital)
            .first()
        )
        if position is None:
            return 0  # another process is at it
        rows = mapping_rows.fetch_followed_rows(
            hospital.pk, position.xid, position.rid, FOLLOWED_TYPES, BATCH
        )
        if not rows:
            return 0
        stale = note_rows(hospital, rows, mappings)
        position.xid, position.rid = rows[-1].xid, rows[-1].rid
        position.save(update_fields=["xid", "rid"])
    if stale:
        rewrite_records(hospital, stale)
    return len(rows)


def note_rows(hospital: Hospital, rows: Sequence[FollowedRow], mappings: Mappings) -> list[int]:
    """Write down the uses; which rows are not as the mappings say."""
    found = {row.rid: find_uses(row.body, mappings) for row in rows if row.body}
    numbers = number_local_codes(hospital, {k for f in found.values() for k in f.local})
    patients = {row.rid: row.patient for row in rows}
    uses = {(numbers[k.digest], rid, patients[rid]) for rid, f in found.items() for k in f.local}
    followed = [row.rid for row in rows if row.type_name in PLACES_BY_TYPE]
    touched = mapping_rows.replace_uses(followed, sorted(uses)) if followed else set()
    if touched:
        mapping_rows.count_uses(sorted(touched))
    note_standard_codes(hospital, {s for f in found.values() for s in f.standard})
    return [rid for rid, f in found.items() if f.stale]


def find_uses(body: bytes, mappings: Mappings) -> FoundUses:
    resource: Json = parse_json(body)
    local: dict[str, LocalCodeKey] = {}
    standard: set[tuple[str, str, str]] = set()
    for place in walk_places(resource):
        for coding in place.concept.get("coding") or []:
            if isinstance(coding, dict) and is_shared_system(str(coding.get("system") or "")):
                standard.add(
                    (place.kind.value, coding["system"][:200], str(coding.get("code"))[:100])
                )
        if not has_shared_code(place) and (key := read_local_code(place)) is not None:
            local.setdefault(key.digest, key)
    stale = False
    if MARK in body or any(digest in mappings for digest in local):
        apply_mappings(resource, mappings)
        stale = resource != parse_json(body)
    return FoundUses(tuple(local.values()), tuple(standard), stale)


def number_local_codes(hospital: Hospital, keys: Iterable[LocalCodeKey]) -> dict[str, int]:
    """{digest: number}, new ones made."""
    by_digest = {k.digest: k for k in keys}
    known = dict(
        LocalCode.objects.filter(hospital=hospital, key__in=by_digest).values_list("key", "id")
    )
    now = timezone.now()
    LocalCode.objects.bulk_create(
        [
            LocalCode(
                hospital=hospital,
                kind=k.kind.value,
                key=digest,
                system=k.system,
                code=k.code,
                text=k.text,
                first_seen_at=now,
            )
            for digest, k in sorted(by_digest.items())
            if digest not in known
        ],
        ignore_conflicts=True,
    )
    return dict(
        LocalCode.objects.filter(hospital=hospital, key__in=by_digest).values_list("key", "id")
    )


def note_standard_codes(hospital: Hospital, codes: set[tuple[str, str, str]]) -> None:
    if codes:
        StandardUse.objects.bulk_create(
            [
                StandardUse(hospital=hospital, kind=kind, system=system, code=code)
                for kind, system, code in sorted(codes)
            ],
            ignore_conflicts=True,
        )
