"""Load what the rules may know about one person and one viewer, in one query."""

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone

from alliance.config.literals import plain
from consent.memberships import answered
from consent.provision import Provision, read
from consent.strength import OLD, Fact, Known, Note, Strength, Voice, Word, applies, fully_said, given_by, keeps_closed, stays, strength_of, tie_of, weighed
from consent.terms import AccessRequest, Facts, Policy, Source, Standing

# What was said of a person lies at the home of his oldest registration then, so it is asked by all homes: links and undone links move nothing.
# A denial also protects every registration that was his when he gave it, a permit counts only while all of these are his (docs/adr/0018) and a
# human has seen the signed paper; until then it waits. One whose registrations have been parted permits nothing, and is a decision still: what the alliance has resolved is for
# those who have decided nothing. A refused tie holds for whoever has a registration of others that was the person's then. Whom a decision lets in is no voice for it: neither who has
# seen the paper of what another hospital's system sent, nor a record clerk, of the decision or of the tie of who recorded it. What a hospital recorded counts for others while it is
# tied to the patient itself, as far as others' records are concerned. What was withdrawn denies on until it is lifted. A relationship that a clinician declared is that
# clinician's alone; who stands behind what is said comes along with it (docs/adr/0030). The sub-selects hide the arrays' lengths from the planner,
# which would plan the statement anew each time; that takes longer than running it.
# index: consent_directive person, directive_covered, confirmation_refused, consent_relationship person, consent_emergency person, confirmation_person, confirmation_intake,
# consent_confirmation directive
FACTS = """
SELECT
  (SELECT coalesce(array_agg(code), '{}') FROM alliance_hospital
    WHERE suspended_at IS NOT NULL OR admitted_on > %(today)s OR leaves_on < %(today)s),
  (SELECT coalesce(json_agg(json_build_array(hospital_id, source_patient, starts_at <= %(now)s AND ends_at > %(now)s, basis <> 'declared' AND noted_at <= %(old)s)), '[]')
    FROM consent_relationship WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
      AND (starts_at <= %(now)s AND ends_at > %(now)s OR basis <> 'declared' AND noted_at <= %(old)s)
      AND (basis <> 'declared' OR declared_by_id = %(staff)s AND hospital_id = %(hospital)s)),
  (SELECT coalesce(json_agg(json_build_array(hospital_id, verdict, extract(epoch FROM at), extract(epoch FROM until), covers) ORDER BY id), '[]')
    FROM consent_confirmation WHERE (person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) OR verdict = 'refused' AND subject = 'tie' AND covers && (SELECT %(known)s::bigint[]))
      AND subject = 'tie' AND ended_at IS NULL AND NOT (voice = 'registrar' AND acted_at_id = %(hospital)s)),
  (SELECT coalesce(json_agg(json_build_array(covers, extract(epoch FROM at))), '[]')
    FROM consent_confirmation WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) AND subject = 'tie' AND verdict = 'full' AND ended_at IS NULL
      AND NOT (voice = 'registrar' AND acted_at_id = %(hospital)s)),
  (SELECT coalesce(json_agg(json_build_array(hospital_id, extract(epoch FROM at))), '[]') FROM (SELECT hospital_id, max(at) AS at FROM consent_confirmation
    WHERE subject = 'intake' AND hospital_id = ANY ((SELECT %(hospitals)s::bigint[])::bigint[]) AND ended_at IS NULL GROUP BY hospital_id) i),
  (SELECT coalesce(json_agg(json_build_array(d.id, h.code, d.resource::text, d.whole, d.whole OR d.denies OR d.ending OR d.parted, d.waiting,
        d.hospital_id <> %(hospital)s AND d.verified_where_id IS DISTINCT FROM %(hospital)s
          AND (d.verified_by_id <> %(staff)s AND d.recorded_by_id IS DISTINCT FROM %(staff)s OR d.verified_by_id IS NULL AND EXISTS (
          SELECT FROM consent_confirmation c WHERE c.directive_id = d.id AND c.voice = 'code' AND c.ended_at IS NULL)),
        (SELECT json_agg(json_build_array(c.verdict, extract(epoch FROM c.at), extract(epoch FROM c.until)) ORDER BY c.id) FROM consent_confirmation c
          WHERE c.directive_id = d.id AND c.subject = 'directive' AND c.ended_at IS NULL AND (c.verdict <> 'provisional' OR c.hospital_id = %(hospital)s)
            AND NOT (c.voice = 'registrar' AND c.acted_at_id = %(hospital)s)),
        d.covers, extract(epoch FROM d.valid_from), coalesce(d.verified_where_id, d.hospital_id)) ORDER BY d.id), '[]')
    FROM (SELECT id, hospital_id, covers, valid_from, resource, denies, recorded_by_id, verified_by_id, verified_where_id,
        withdrawn_at IS NOT NULL AS ending,
        withdrawn_at IS NULL AND verified_at IS NOT NULL AND person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) AND covers <@ (SELECT %(known)s::bigint[]) AS whole,
        withdrawn_at IS NULL AND verified_at IS NULL AND person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) AND covers <@ (SELECT %(known)s::bigint[]) AS waiting,
        withdrawn_at IS NULL AND verified_at IS NOT NULL AND covers && (SELECT %(known)s::bigint[]) AND NOT covers <@ (SELECT %(known)s::bigint[]) AS parted
      FROM consent_directive WHERE (person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) OR covers && (SELECT %(known)s::bigint[]))
      AND lifted_at IS NULL AND valid_from <= %(now)s AND (valid_until IS NULL OR valid_until > %(now)s)) d
    JOIN alliance_hospital h ON h.id = d.hospital_id WHERE d.whole OR d.denies OR d.ending OR d.waiting OR d.parted),
  (SELECT coalesce(json_agg(json_build_array(person, extract(epoch FROM opened_at), extract(epoch FROM until))), '[]') FROM consent_emergency
    WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) AND staff_id = %(staff)s AND closed_at IS NULL AND until > %(now)s),
  (SELECT json_build_array(code, id, basis) FROM consent_alliancepolicy WHERE starts_at <= %(now)s ORDER BY starts_at DESC, id DESC LIMIT 1),
  ARRAY(SELECT unnest(covers) FROM consent_incidentseal WHERE lifted_at IS NULL AND covers && (SELECT %(known)s::bigint[]) AND NOT %(staff)s = ANY(listed))
"""
NOBODY = uuid.UUID(int=0)  # asked about like anybody, so that absence takes as long as refusal
STRENGTHS = {"full": Strength.FULL, "provisional": Strength.PROVISIONAL, "refused": None}


@lru_cache(maxsize=5_000)
def rule_of(text: str, hospital: str) -> Provision:
    """Of a consent as it is stored."""
    return read(json.loads(text), hospital)


def moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def words_of(rows: Iterable[Sequence[Any]]) -> list[Word]:
    """[verdict, seconds of when it was said, of until when it counts]."""
    return [Word(STRENGTHS[verdict], moment(at), moment(until) if until is not None else None) for verdict, at, until in rows]


def known_of(sources: Iterable[Source], hospital_id: int) -> list[Known]:
    """Registrations as the table of strengths asks about them, for a viewer of the hospital."""
    return [Known(s.id, s.hospital_id == hospital_id, s.since) for s in sources]


def emergency_of(rows: Iterable[Sequence[Any]], known: Iterable[Source], hospital_id: int) -> dt.datetime | None:
    """Until when the record is open to the viewer in an emergency. rows: [home, seconds of when it was opened, of until when]."""
    own = {s.home: s.since for s in known if s.hospital_id == hospital_id}
    return max((moment(until) for home, at, until in rows if stays(uuid.UUID(home), moment(at), own)), default=None)


class Ties:
    """How far others stand behind each hospital's tie to the person; reckoned where it is asked for."""

    def __init__(self, known: tuple[Source, ...], notes: Sequence[Any], words: Sequence[Any], intakes: Mapping[int, dt.datetime], now: dt.datetime) -> None:
        self.known, self.words, self.intakes, self.now = known, words, intakes, now
        self.codes = {s.hospital_id: s.hospital for s in known}
        whose = {s.id: s.hospital_id for s in known}
        self.notes = [(at, whose.get(source, at), Note(source, holds, old)) for at, source, holds, old in notes]  # (hospital that treats, that says so, what)

    def of(self, hospital: int) -> Strength:
        return self.weigh(hospital, self.asking)

    @cached_property
    def asking(self) -> set[int]:
        """Those that ask others to treat the person and are tied to them: by themselves, or because such a one has asked them."""
        found: set[int] = set()
        while more := {by for at, by, _ in self.notes if at != by and by not in found and self.weigh(by, found) is Strength.FULL}:
            found |= more
        return found

    def weigh(self, hospital: int, asking: Collection[int]) -> Strength:
        """Its tie, if of the others who ask it to treat the person only these count."""
        known = known_of(self.known, hospital)
        words = words_of(said for at, *said, covers in self.words if at == hospital and (
            applies(covers, moment(said[1]), known) or (said[0] == "refused" and keeps_closed(covers, known))))
        return tie_of([note for at, by, note in self.notes if at == hospital and (by == at or by in asking)], words, known, self.intakes.get(hospital), self.now)

    def knows(self, hospital: int) -> bool:
        """Whether it has a registration of the person, and others stand fully behind it: what it says of them counts for others."""
        return hospital in self.codes and self.of(hospital) is Strength.FULL

    def asked(self, hospital: int) -> frozenset[str]:
        """Codes of those whose own records this one may see because they have asked it to treat the person."""
        return frozenset(self.codes[by] for at, by, note in self.notes if at == hospital != by and note.holds and self.weigh(hospital, {by}) is Strength.FULL)


def load(request: AccessRequest, now: dt.datetime | None = None) -> Facts:
    now = now or timezone.now()
    if request.directory:
        return Facts(now)
    principal = request.principal
    parameters: dict[str, Any] = {
        "today": timezone.localdate(now), "now": now, "old": now - OLD, "homes": plain([s.home for s in request.known] or [NOBODY]),
        "known": plain([s.id for s in request.known] or [0]), "hospitals": plain(sorted({s.hospital_id for s in request.known}) or [0]),
        "hospital": principal.hospital_id, "staff": int(principal.id) if principal.kind == "staff" else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(FACTS, parameters)
        suspended, notes, words, confirmed, intakes, directives, emergencies, policy, sealed = cursor.fetchone()
    known = known_of(request.known, principal.hospital_id)
    ties = Ties(request.known, notes, words, {h: moment(at) for h, at in intakes}, now)
    standing, waiting = [], []
    everywhere = [(covers, moment(at)) for covers, at in confirmed]
    for i, of, text, whole, counts, waits, elsewhere, said, covers, given, speaker in directives:
        behind = words_of(said or ())
        theirs = given_by(covers, max([moment(given), *(w.at for w in behind if w.strength is Strength.FULL)]), everywhere, known)
        own, others = ((weighed(strength_of(Fact.PERMIT, v), behind, now) if theirs else Strength.NONE) for v in (
            Voice.CUSTODIAN if elsewhere else None, Voice.ELSEWHERE if elsewhere and ties.knows(speaker) else None))
        consent = Standing(i, rule_of(text, of), others, whole, fully_said(behind), speaker=ties.codes.get(speaker, ""), own=own)
        if counts:
            standing.append(consent)
        if waits:
            waiting.append(consent)
    consents = answered((*standing, *waiting), principal.hospital, parameters["staff"])
    return Facts(
        now, frozenset(suspended), any(holds for at, _, holds, _ in notes if at == principal.hospital_id), ties.of(principal.hospital_id), consents[:len(standing)],
        emergency_of(emergencies, request.known, principal.hospital_id),
        Policy(*policy) if policy else Policy(), frozenset(s.hospital for s in request.known if s.id in sealed), consents[len(standing):], ties.asked(principal.hospital_id))
