"""do_register: Patients were written, so the index learns who they are and decides LINK, REVIEW or NEW, in the writer's transaction.

However many Patients arrive in one write: one statement for the locks, one for what the index keeps; then for each who has a citizen
number one for those who carry it too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.utils import timezone

from alliance.config.literals import plain, texts
from records.fhir.issues import Conflict, Issue, Problem
from records.models import Review, SourcePatient
from records.mpi import link
from records.mpi.decide import Decision, Features, compare
from records.mpi.digest import digest
from records.mpi.features import Identified, identify, words_of
from records.mpi.profile import profile
from records.mpi.rules import name
from records.mpi.sealed import hashed, seal
from records.mpi.sources import Known

RULE = "rule/resident-number-1"
NOBODY = UUID(int=0)
# What is kept of each: new rows in, rows that no longer hold out, equal ones untouched. The sub-selects hide the arrays'
# lengths from the planner, so that one generic plan serves every call: planning costs more than the work.
# index: records_patientidentifier source, records_namekey source, match_key_source
KEEP = """
WITH source AS (
  UPDATE records_sourcepatient s SET registered = true, name = t.name, gender = t.gender, birth_date = t.birth, words = t.words, updated_at = now()
  FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(names)s::text[]), (SELECT %(genders)s::text[]), (SELECT %(births)s::text[]), (SELECT %(words)s::bytea[])) AS t(id, name, gender, birth, words)
  WHERE s.id = t.id
), number AS (
  SELECT * FROM unnest((SELECT %(number_sources)s::bigint[]), (SELECT %(kinds)s::text[]), (SELECT %(digests)s::bytea[])) AS t(source_id, kind, digest)
), key AS (
  SELECT * FROM unnest((SELECT %(key_sources)s::bigint[]), (SELECT %(keys)s::text[]), (SELECT %(wholes)s::boolean[])) AS t(source_id, key, whole)
), block AS (
  SELECT * FROM unnest((SELECT %(block_sources)s::bigint[]), (SELECT %(blocks)s::bigint[])) AS t(source_id, key)
), block_out AS (
  DELETE FROM records_matchkey o WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND NOT EXISTS (SELECT FROM block n WHERE (n.source_id, n.key) = (o.source_id, o.key))
), block_in AS (
  INSERT INTO records_matchkey (source_id, key) SELECT source_id, key FROM block n
    WHERE NOT EXISTS (SELECT FROM records_matchkey o WHERE (o.source_id, o.key) = (n.source_id, n.key))
), number_out AS (
  DELETE FROM records_patientidentifier o WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND NOT EXISTS (SELECT FROM number n WHERE (n.source_id, n.kind, n.digest) = (o.source_id, o.kind, o.digest))
), key_out AS (
  DELETE FROM records_namekey o WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND NOT EXISTS (SELECT FROM key n WHERE (n.source_id, n.key, n.whole) = (o.source_id, o.key, o.whole))
), key_in AS (
  INSERT INTO records_namekey (source_id, hospital_id, key, whole) SELECT source_id, %(hospital)s, key, whole FROM key n
    WHERE NOT EXISTS (SELECT FROM records_namekey o WHERE (o.source_id, o.key, o.whole) = (n.source_id, n.key, n.whole))
)
INSERT INTO records_patientidentifier (source_id, kind, digest) SELECT source_id, kind, digest FROM number n
  WHERE NOT EXISTS (SELECT FROM records_patientidentifier o WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
"""
# Two hospitals that register one citizen number at once wait for each other, so they find each other; in order, so that
# two writes with several numbers never wait in a circle.
LOCK = "SELECT pg_advisory_xact_lock(k) FROM (SELECT k FROM unnest(%s::bigint[]) k ORDER BY k) t"
DETAIL = re.compile(r"\(digest\)=\(\\x([0-9a-f]+)\)")


@dataclass(slots=True)
class Arrival:
    """A Patient that was just stored; place: its FHIRPath in a bundle, for messages."""

    source: Known
    patient: dict[str, Any]
    place: str = ""


def do_register(hospital_id: int, arrivals: Sequence[Arrival]) -> dict[int, UUID]:
    """{row of the index: its new person} of those that were linked. Raises Conflict where another Patient of this hospital
    has the same hospital number, Problem for an identifier that cannot be."""
    known = [identified(a) for a in arrivals]
    numbers = [k.features.number for k in known]
    digests = {n: digest("resident", n) for n in numbers if n}
    if digests:
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [plain(int.from_bytes(d[:8], "big", signed=True) for d in digests.values())])
    keep(hospital_id, arrivals, known)
    moved: dict[int, UUID] = {}
    waiting = {a.source.id for a in arrivals}
    for arrival, k in zip(arrivals, known, strict=True):
        waiting.discard(arrival.source.id)
        if k.features.number and not arrival.source.decided_by.startswith("staff/"):
            person = decide(arrival.source, k.features, digests[k.features.number], waiting)
            if person is not None:
                moved[arrival.source.id] = person
    return moved


def identified(arrival: Arrival) -> Identified:
    try:
        return identify(arrival.patient)
    except Problem as problem:
        raise (problem.inside(arrival.place) if arrival.place else problem) from problem


def keep(hospital_id: int, arrivals: Sequence[Arrival], known: Sequence[Identified]) -> None:
    ids = [a.source.id for a in arrivals]
    numbers: dict[tuple[int, str, bytes], int] = {}
    keys: set[tuple[int, str, bool]] = set()
    words = [words_of(a.patient, timezone.localdate()) for a in arrivals]
    blocks = [(row, key) for row, w in zip(ids, words, strict=True) for key in hashed(profile(w))]
    for i, (row, k) in enumerate(zip(ids, known, strict=True)):
        for kind, _, value in k.identifiers:
            numbers[row, kind, digest(kind, value, hospital_id)] = i
            if kind != "other":
                numbers[row, "other", digest("other", value)] = i
        keys |= {(row, key, whole) for n in k.features.names for key, whole in name.keys(n).items()}
    try:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, {
                "hospital": hospital_id, "sources": plain(ids), "names": texts(k.display[:200] for k in known), "genders": texts(k.features.gender for k in known),
                "births": texts(k.features.birth_date for k in known), "number_sources": plain(n[0] for n in numbers), "kinds": texts(n[1] for n in numbers),
                "digests": texts(f"\\x{n[2].hex()}" for n in numbers), "key_sources": plain(k[0] for k in keys), "keys": texts(k[1] for k in keys),
                "wholes": plain(k[2] for k in keys), "words": texts(f"\\x{seal(w, row).hex()}" for row, w in zip(ids, words, strict=True)),
                "block_sources": plain(b[0] for b in blocks), "blocks": plain(b[1] for b in blocks)})
    except IntegrityError as error:
        m = DETAIL.search(str(error))
        place = next((arrivals[i].place for (_, _, d), i in reversed(numbers.items()) if m and d.hex() == m.group(1)), "")
        taken = Conflict(Issue(
            "duplicate", "Another Patient of this hospital has the same hospital number (type MR): update that one, or use "
            "If-None-Exist with the identifier.", "Patient.identifier"))
        raise (taken.inside(place) if place else taken) from error


def remember(hospital_id: int, source: int, patient: dict[str, Any]) -> None:
    """What is kept of a Patient who is registered already."""
    arrival = Arrival(Known(source, NOBODY), patient)
    keep(hospital_id, [arrival], [identify(patient)])


def decide(arrival: Known, features: Features, number: bytes, waiting: set[int]) -> UUID | None:
    """Compare with all source patients that carry the same citizen number, oldest first, but for those that wait for their
    own turn; the new person, if there is one."""
    others = SourcePatient.objects.select_for_update(no_key=True, of=("self",)).filter(
        identifiers__kind="resident", identifiers__digest=number).exclude(pk__in={arrival.id, *waiting}).order_by("pk")
    person = arrival.person
    linked = False
    for other in others:
        if other.person_id == person:
            linked = True
            continue
        found = compare(features, Features((other.name,), other.gender, other.birth_date, features.number), features.number)
        one, two = sorted((arrival.id, other.pk))
        if found.decision is Decision.LINK and not linked:
            if Review.objects.filter(one=one, two=two, state=Review.State.DIFFERENT).exists():
                continue
            link.move(SourcePatient.objects.get(pk=arrival.id), other.person_id, by=RULE, reasons=found.reasons)
            person, linked = other.person_id, True
        else:
            Review.objects.get_or_create(one_id=one, two_id=two, defaults={"reasons": list(found.reasons)})
    return person if person != arrival.person else None
