"""do_register: Patients were written, so the index learns who they are and decides LINK, REVIEW or NEW, in the writer's transaction.

However many Patients arrive in one write: one statement for the locks, one for what the index keeps; then for each one for those who share a
block with him.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.utils import timezone

from alliance.config.literals import plain, texts
from records.fhir.issues import Conflict, Issue, Problem
from records.mpi import link
from records.mpi.arrive import meeting, rule, weigh
from records.mpi.correction import Correction, corrected
from records.mpi.digest import digest
from records.mpi.features import FORMER, Identified, identify, words_of
from records.mpi.profile import Profile, Words, profile
from records.mpi.rules import name
from records.mpi.sealed import hashed, homes, mark_of, opened, seal, unseal
from records.mpi.settle import part
from records.mpi.sources import Known

NOBODY = UUID(int=0)
# What is kept of each: new rows in, rows that no longer hold marked as former, equal ones untouched. The sub-selects hide the arrays'
# lengths from the planner, so that one generic plan serves every call: planning costs more than the work.
# index: records_patientidentifier source, records_namekey_pkey, records_matchkey_pkey
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
  UPDATE records_patientidentifier o SET kind = 'former' WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[]) AND kind <> 'former'
    AND NOT EXISTS (SELECT FROM number n WHERE (n.source_id, n.digest) = (o.source_id, o.digest))
), number_changed AS (
  DELETE FROM records_patientidentifier o WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND EXISTS (SELECT FROM number n WHERE (n.source_id, n.digest) = (o.source_id, o.digest))
    AND NOT EXISTS (SELECT FROM number n WHERE (n.source_id, n.kind, n.digest) = (o.source_id, o.kind, o.digest))
), key_out AS (
  UPDATE records_namekey o SET former = NOT former WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND former = EXISTS (SELECT FROM key n WHERE (n.source_id, n.key, n.whole) = (o.source_id, o.key, o.whole))
), key_in AS (
  INSERT INTO records_namekey (source_id, hospital_id, key, whole, former) SELECT source_id, %(hospital)s, key, whole, false FROM key n
    WHERE NOT EXISTS (SELECT FROM records_namekey o WHERE (o.source_id, o.key, o.whole) = (n.source_id, n.key, n.whole))
)
INSERT INTO records_patientidentifier (source_id, kind, digest) SELECT source_id, kind, digest FROM number n
  WHERE NOT EXISTS (SELECT FROM records_patientidentifier o WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
"""
# Two hospitals that register one person at once wait for each other, so they find each other; in order, so that two writes
# with several patients never wait in a circle. A write with more patients than PostgreSQL's table of locks has room for goes alone.
LOCKS, ALL, MANY = 7301, 7303, 600
LOCK = f"""
SELECT pg_advisory_xact_lock({LOCKS}, k) FROM (SELECT pg_advisory_xact_lock_shared({ALL}, 0) OFFSET 0) g CROSS JOIN (SELECT k FROM unnest(%s::int[]) k ORDER BY k OFFSET 0) t
"""
LOCK_ALL = f"SELECT pg_advisory_xact_lock({ALL}, 0)"
# index: records_sourcepatient_pkey
CROWDED = "UPDATE records_sourcepatient SET crowded_at = now() WHERE id = %s"
DETAIL = re.compile(r"\(digest\)=\(\\x([0-9a-f]+)\)")


@dataclass(slots=True)
class Arrival:
    """A Patient that was just stored; place: its FHIRPath in a bundle, for messages."""

    source: Known
    patient: dict[str, Any]
    place: str = ""


@dataclass
class News:
    """An arrival in the words of the index, as they were sent. any: whether these are others than the index has."""

    arrival: Arrival
    sent: Identified
    words: Words

    @property
    def mark(self) -> str:
        return mark_of(self.sent, replace(self.words, registered=""))

    @cached_property
    def seen(self) -> Words:
        """As they are compared."""
        return corrected(self.kept, self.arrival.source.correction, self.arrival.source.id)

    @cached_property
    def kept(self) -> Words:
        """With the names that he had when he was sent before."""
        source = self.arrival.source
        if source.words is None:
            return self.words
        before = unseal(source.words, source.id)
        former = dict.fromkeys(n for n in (*self.words.former, before.name, *before.former) if n and n != self.words.name)
        return replace(self.words, former=tuple(former)[:FORMER])

    @cached_property
    def profile(self) -> Profile:
        return profile(self.seen, str(self.arrival.source.id))

    @cached_property
    def blocks(self) -> list[int]:
        return hashed(self.profile)

    @property
    def known(self) -> Identified:
        """As he is found."""
        source = self.arrival.source
        return Correction.opened(source.correction, source.id).identified(self.sent) if source.correction else self.sent

    @property
    def any(self) -> bool:
        source = self.arrival.source
        return source.words is None or opened(source.words, source.id)[1] != self.mark


def do_register(hospital_id: int, arrivals: Sequence[Arrival]) -> dict[int, UUID]:
    """{row of the index: its new person} of those that were moved. Raises Conflict where another Patient of this hospital
    has the same hospital number, Problem for an identifier that cannot be."""
    today = timezone.localdate()
    new = [n for a in arrivals if (n := News(a, identified(a), words_of(a.patient, today))).any]
    if not new:
        return {}
    with connection.cursor() as cursor:
        turns = sorted({turn(n.profile) for n in new})
        cursor.execute(LOCK if len(turns) <= MANY else LOCK_ALL, [plain(turns)] if len(turns) <= MANY else [])
    keep(hospital_id, new)
    moved: dict[int, UUID] = {}
    for n, waiting in turns_of(new):
        moved |= decide(n, waiting)
    return moved


def turns_of(new: Sequence[News]) -> Iterator[tuple[News, set[int]]]:
    """Those who meet somebody, in order, with whom they meet of those that have not had their turn yet; a waiting one who was there before may be
    met as one of his person's."""
    holders: dict[int, list[int]] = defaultdict(list)
    for n in new:
        for key in n.blocks:
            holders[key].append(n.arrival.source.id)
    ids = [n.arrival.source.id for n in new]
    meet = meeting({i: n.blocks for i, n in zip(ids, new, strict=True)}) if len(new) > 1 else set(ids)
    waiting, renewed = set(ids), {i for i, n in zip(ids, new, strict=True) if n.arrival.source.words is not None}
    for i, n in zip(ids, new, strict=True):
        waiting.discard(i)
        if i in meet:
            yield n, waiting & renewed.union(*(holders[k] for k in n.blocks))


def turn(p: Profile) -> int:
    """Of two writers who register one person at once, the second waits for the first: by the number, else by name and birth date."""
    text = p.number or p.borrowed or f"{''.join(sorted(''.join(p.spelling.sounds)))}|{p.birth}"
    return int.from_bytes(digest("turn", text)[:4], "big", signed=True)


def identified(arrival: Arrival) -> Identified:
    try:
        return identify(arrival.patient)
    except Problem as problem:
        raise (problem.inside(arrival.place) if arrival.place else problem) from problem


def keep(hospital_id: int, new: Sequence[News]) -> None:
    ids = [n.arrival.source.id for n in new]
    numbers: dict[tuple[int, str, bytes], int] = {}
    keys: set[tuple[int, str, bool]] = set()
    blocks = [(row, key) for row, n in zip(ids, new, strict=True) for key in (*n.blocks, *homes(n.profile))]
    for i, (row, n) in enumerate(zip(ids, new, strict=True)):
        known = n.known
        for kind, _, value in known.identifiers:
            numbers[row, kind, digest("resident" if kind == "former" else kind, value, hospital_id)] = i
            if kind != "other":
                numbers[row, "former" if kind == "former" else "other", digest("other", value)] = i
        keys |= {(row, key, whole) for x in known.features.names for key, whole in name.keys(x).items()}
    try:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, {
                "hospital": hospital_id, "sources": plain(ids), "names": texts(n.known.display[:200] for n in new), "genders": texts(n.known.features.gender for n in new),
                "births": texts(n.known.features.birth_date for n in new), "number_sources": plain(x[0] for x in numbers), "kinds": texts(x[1] for x in numbers),
                "digests": texts(f"\\x{x[2].hex()}" for x in numbers), "key_sources": plain(k[0] for k in keys), "keys": texts(k[1] for k in keys),
                "wholes": plain(k[2] for k in keys), "words": texts(f"\\x{seal(n.kept, n.arrival.source.id, n.mark).hex()}" for n in new),
                "block_sources": plain(b[0] for b in blocks), "blocks": plain(b[1] for b in blocks)})
    except IntegrityError as error:
        m = DETAIL.search(str(error))
        place = next((new[i].arrival.place for (_, _, d), i in reversed(numbers.items()) if m and d.hex() == m.group(1)), "")
        taken = Conflict(Issue(
            "duplicate", "Another Patient of this hospital has the same hospital number (type MR): update that one, or use "
            "If-None-Exist with the identifier.", "Patient.identifier"))
        raise (taken.inside(place) if place else taken) from error


def remember(hospital_id: int, source: int, patient: dict[str, Any]) -> None:
    """What is kept of a Patient who is registered already."""
    keep(hospital_id, [News(Arrival(Known(source, NOBODY, NOBODY), patient), identify(patient), words_of(patient, timezone.localdate()))])


def decide(news: News, waiting: set[int]) -> dict[int, UUID]:
    """Link, or ask a human, or neither: {who was moved: his person now}. What a human has said stays."""
    arrival = news.arrival.source
    verdict = weigh(news.profile, news.blocks, arrival.person, news.seen.name, waiting)
    if verdict.review:
        link.ask(arrival.id, verdict.review)
    if verdict.crowded:
        with connection.cursor() as cursor:
            cursor.execute(CROWDED, [arrival.id])
    moved: dict[int, UUID] = {}
    if verdict.link is not None:
        moved = link.place(arrival.id, arrival.person, verdict.link, verdict.way, by=rule(), reasons=verdict.reasons)
    if not moved:
        for nameless, twin in verdict.part:
            moved |= part(nameless, by=rule())
            link.ask(nameless, [(twin, ("held:rivals",)), (arrival.id, ("held:rivals",))])
    return moved
