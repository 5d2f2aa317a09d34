"""Load what the rules may know about one person and one viewer, in one query."""

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from alliance.sql.hospitals import HOSPITALS, NOT_TAKING_PART
from consent.fact_parameters import person_parameters, viewer_parameters
from consent.memberships import MEMBERS_SQL, with_memberships
from consent.provision import Provision, parse_consent
from consent.strength import (
    Attestation,
    KnownRegistration,
    OpeningFact,
    RelationshipNote,
    Strength,
    Voice,
    evaluate_strength,
    evaluate_tie_strength,
    find_full_confirmation,
    is_decision_of_person,
    is_emergency_still_valid,
    is_refusal_still_valid,
    is_still_about_person,
    look_up_strength,
)
from consent.terms import AccessRequest, ActiveConsent, Facts, ImplicitPolicy, Source

# What was said of a person lies at the home of their oldest registration then, so it is asked by
# all homes: links and undone links move nothing. A denial also protects every registration that was
# theirs when they gave it, a permit counts only while all of these are theirs (docs/adr/0018) and a
# human has seen the signed paper; until then it waits. One whose registrations have been parted
# permits nothing, and is a decision still: what the alliance has resolved is for those who have
# decided nothing. A refused tie holds for whoever has a registration of others that was the
# person's then. Whom a decision lets in is no voice for it: neither who has seen the paper of what
# another hospital's system sent, nor a record clerk, of the decision or of the tie of who recorded
# it. What a hospital recorded counts for others while it is tied to the patient itself, as far as
# others' records are concerned. What was withdrawn denies on until it is lifted. A relationship
# that a clinician declared is that clinician's alone; who stands behind what is said comes along
# with it (docs/adr/0030). The sub-selects hide the arrays' lengths from the planner, which would
# plan the statement anew each time; that takes longer than running it.
# index: consent_directive person, directive_covered, confirmation_refused, consent_relationship
# person, consent_emergency person, confirmation_person, confirmation_intake, consent_confirmation
# directive
FACTS_SQL = f"""
SELECT
  ({NOT_TAKING_PART}),
  (SELECT coalesce(json_agg(json_build_array(
      hospital_id,
      coalesce(source_patient, expert_source),
      starts_at <= %(now)s AND ends_at > %(now)s,
      basis <> 'declared' AND noted_at <= %(old)s)), '[]')
    FROM consent_relationship
    WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
      AND (starts_at <= %(now)s AND ends_at > %(now)s
        OR basis <> 'declared' AND noted_at <= %(old)s)
      AND (basis <> 'declared' OR declared_by_id = %(staff)s AND hospital_id = %(hospital)s)),
  (SELECT coalesce(json_agg(json_build_array(
      hospital_id, verdict, extract(epoch FROM at), extract(epoch FROM until), covers)
      ORDER BY id), '[]')
    FROM consent_confirmation
    WHERE (person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
        OR verdict = 'refused' AND subject = 'tie' AND covers && (SELECT %(known)s::bigint[]))
      AND subject = 'tie'
      AND ended_at IS NULL
      AND NOT (voice = 'registrar' AND acted_at_id = %(hospital)s)),
  (SELECT coalesce(json_agg(json_build_array(covers, extract(epoch FROM at))), '[]')
    FROM consent_confirmation
    WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
      AND subject = 'tie'
      AND verdict = 'full'
      AND ended_at IS NULL
      AND NOT (voice = 'registrar' AND acted_at_id = %(hospital)s)),
  (SELECT coalesce(json_agg(json_build_array(hospital_id, extract(epoch FROM at))), '[]')
    FROM (
      SELECT hospital_id, max(at) AS at
      FROM consent_confirmation
      WHERE subject = 'intake'
        AND hospital_id = ANY ((SELECT %(hospitals)s::bigint[])::bigint[])
        AND ended_at IS NULL
      GROUP BY hospital_id) i),
  (SELECT coalesce(json_agg(json_build_array(
      d.id,
      h.code,
      d.resource::text,
      d.whole,
      d.whole OR d.denies OR d.ending OR d.parted,
      d.waiting,
      d.hospital_id <> %(hospital)s
        AND d.verified_where_id IS DISTINCT FROM %(hospital)s
        AND (d.verified_by_id <> %(staff)s AND d.recorded_by_id IS DISTINCT FROM %(staff)s
          OR d.verified_by_id IS NULL AND EXISTS (
            SELECT FROM consent_confirmation c
            WHERE c.directive_id = d.id AND c.voice = 'code' AND c.ended_at IS NULL)),
      (SELECT json_agg(json_build_array(
          c.verdict, extract(epoch FROM c.at), extract(epoch FROM c.until)) ORDER BY c.id)
        FROM consent_confirmation c
        WHERE c.directive_id = d.id
          AND c.subject = 'directive'
          AND c.ended_at IS NULL
          AND (c.verdict <> 'provisional' OR c.hospital_id = %(hospital)s)
          AND NOT (c.voice = 'registrar' AND c.acted_at_id = %(hospital)s)),
      d.covers,
      extract(epoch FROM d.valid_from),
      coalesce(d.verified_where_id, d.hospital_id)) ORDER BY d.id), '[]')
    FROM (
      SELECT id, hospital_id, covers, valid_from, resource, denies,
        recorded_by_id, verified_by_id, verified_where_id,
        withdrawn_at IS NOT NULL AS ending,
        withdrawn_at IS NULL AND verified_at IS NOT NULL
          AND person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
          AND covers <@ (SELECT %(known)s::bigint[]) AS whole,
        withdrawn_at IS NULL AND verified_at IS NULL
          AND person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
          AND covers <@ (SELECT %(known)s::bigint[]) AS waiting,
        withdrawn_at IS NULL AND verified_at IS NOT NULL
          AND covers && (SELECT %(known)s::bigint[])
          AND NOT covers <@ (SELECT %(known)s::bigint[]) AS parted
      FROM consent_directive
      WHERE (person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
          OR covers && (SELECT %(known)s::bigint[]))
        AND lifted_at IS NULL
        AND valid_from <= %(now)s
        AND (valid_until IS NULL OR valid_until > %(now)s)) d
    JOIN {HOSPITALS} h ON h.id = d.hospital_id
    WHERE d.whole OR d.denies OR d.ending OR d.waiting OR d.parted),
  (SELECT coalesce(json_agg(json_build_array(
      person, extract(epoch FROM opened_at), extract(epoch FROM until))), '[]')
    FROM consent_emergency
    WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[])
      AND staff_id = %(staff)s
      AND closed_at IS NULL
      AND until > %(now)s),
  (SELECT json_build_array(code, id, basis)
    FROM consent_alliancepolicy
    WHERE starts_at <= %(now)s
    ORDER BY starts_at DESC, id DESC LIMIT 1),
  ARRAY(SELECT unnest(covers) FROM consent_incidentseal
    WHERE lifted_at IS NULL
      AND covers && (SELECT %(known)s::bigint[])
      AND NOT %(listed)s = ANY(listed))
"""
STRENGTH_BY_VERDICT = {"full": Strength.FULL, "provisional": Strength.PROVISIONAL, "refused": None}


@lru_cache(maxsize=5_000)
def parse_stored_consent(text: str, hospital: str) -> Provision:
    """Of a consent as it is stored."""
    return parse_consent(json.loads(text), hospital)


def datetime_from_seconds(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def attestations_from_rows(rows: Iterable[Sequence[Any]]) -> list[Attestation]:
    """[verdict, seconds of when it was said, of until when it counts]."""
    return [
        Attestation(
            STRENGTH_BY_VERDICT[verdict],
            datetime_from_seconds(at),
            datetime_from_seconds(until) if until is not None else None,
        )
        for verdict, at, until in rows
    ]


def registrations_for_viewer(
    sources: Iterable[Source], hospital_id: int
) -> list[KnownRegistration]:
    """Registrations as the table of strengths asks about them, for a viewer of the hospital."""
    return [KnownRegistration(s.id, s.hospital_id == hospital_id, s.since) for s in sources]


def find_emergency_end(
    rows: Iterable[Sequence[Any]], sources: Iterable[Source], hospital_id: int
) -> dt.datetime | None:
    """Until when the record is open to the viewer in an emergency. rows: [home, seconds of when
    it was opened, of until when].
    """
    own = {s.home: s.since for s in sources if s.hospital_id == hospital_id}
    return max(
        (
            datetime_from_seconds(until)
            for home, at, until in rows
            if is_emergency_still_valid(uuid.UUID(home), datetime_from_seconds(at), own)
        ),
        default=None,
    )


class TieEvaluator:
    """How far others stand behind each hospital's tie to the person; reckoned where it is asked
    for.
    """

    def __init__(
        self,
        sources: tuple[Source, ...],
        notes: Sequence[Any],
        attestations: Sequence[Any],
        intakes: Mapping[int, dt.datetime],
        now: dt.datetime,
    ) -> None:
        self.known, self.words, self.intakes, self.now = sources, attestations, intakes, now
        self.codes = {s.hospital_id: s.hospital for s in sources}
        whose = {s.id: s.hospital_id for s in sources}
        self.notes = [
            (at, whose.get(source, at), RelationshipNote(source, holds, old))
            for at, source, holds, old in notes
        ]  # (hospital that treats, that says so, what)

    def strength_at(self, hospital_id: int) -> Strength:
        return self.evaluate_tie(hospital_id, self.asking_hospitals)

    @cached_property
    def asking_hospitals(self) -> set[int]:
        """Those that ask others to treat the person and are tied to them: by themselves, or
        because such a one has asked them.
        """
        asking: set[int] = set()
        while newly_asking := {
            by
            for at, by, _ in self.notes
            if at != by and by not in asking and self.evaluate_tie(by, asking) is Strength.FULL
        }:
            asking |= newly_asking
        return asking

    def evaluate_tie(self, hospital_id: int, asking: Collection[int]) -> Strength:
        """Its tie, if of the others who ask it to treat the person only these count."""
        registrations = registrations_for_viewer(self.known, hospital_id)
        attestations = attestations_from_rows(
            said
            for at, *said, covers in self.words
            if at == hospital_id
            and (
                is_still_about_person(covers, datetime_from_seconds(said[1]), registrations)
                or (said[0] == "refused" and is_refusal_still_valid(covers, registrations))
            )
        )
        return evaluate_tie_strength(
            [
                note
                for at, by, note in self.notes
                if at == hospital_id and (by == at or by in asking)
            ],
            attestations,
            registrations,
            self.intakes.get(hospital_id),
            self.now,
        )

    def is_fully_tied(self, hospital_id: int) -> bool:
        """Whether it has a registration of the person, and others stand fully behind it: what it
        says of them counts for others.
        """
        return hospital_id in self.codes and self.strength_at(hospital_id) is Strength.FULL

    def find_referring_hospitals(self, hospital_id: int) -> frozenset[str]:
        """Codes of those whose own records this one may see because they have asked it to treat
        the person.
        """
        return frozenset(
            self.codes[by]
            for at, by, note in self.notes
            if at == hospital_id != by
            and note.holds
            and self.evaluate_tie(hospital_id, {by}) is Strength.FULL
        )


class DirectiveRow(NamedTuple):
    """A consent that FACTS_SQL finds. whole: its permits count; counts: it permits or denies now;
    is_waiting: nobody has seen the signed paper; said_elsewhere: neither the viewer nor their
    hospital stands behind it; said: (verdict, seconds of when, of until when), each; covers: the
    registrations that it is about.
    """

    id: int
    hospital: str
    resource: str
    whole: bool
    counts: bool
    is_waiting: bool
    said_elsewhere: bool
    said: list[Any] | None
    covers: list[int]
    valid_from: float
    speaker_id: int


def evaluate_directive(
    directive: DirectiveRow,
    ties: TieEvaluator,
    full_confirmations: Sequence[tuple[list[int], dt.datetime]],
    registrations: Sequence[KnownRegistration],
    now: dt.datetime,
) -> ActiveConsent:
    """Evaluate how far a consent counts for the viewer: for records of whose word it is, and for
    others'. What is no decision of this person permits nothing.
    """
    attestations = attestations_from_rows(directive.said or ())
    said_at = [a.at for a in attestations if a.strength is Strength.FULL]
    is_of_person = is_decision_of_person(
        directive.covers,
        max([datetime_from_seconds(directive.valid_from), *said_at]),
        full_confirmations,
        registrations,
    )
    voice_for_own = Voice.CUSTODIAN if directive.said_elsewhere else None
    counts_for_others = directive.said_elsewhere and ties.is_fully_tied(directive.speaker_id)
    voice_for_others = Voice.ELSEWHERE if counts_for_others else None

    def strength_by(voice: Voice | None) -> Strength:
        if not is_of_person:
            return Strength.NONE
        return evaluate_strength(look_up_strength(OpeningFact.PERMIT, voice), attestations, now)

    return ActiveConsent(
        directive.id,
        parse_stored_consent(directive.resource, directive.hospital),
        strength_by(voice_for_others),
        directive.whole,
        find_full_confirmation(attestations),
        speaker=ties.codes.get(directive.speaker_id, ""),
        own=strength_by(voice_for_own),
    )


def load_facts(request: AccessRequest, now: dt.datetime | None = None) -> Facts:
    now = now or timezone.now()
    if request.directory:
        return Facts(now)
    with connection.cursor() as cursor:
        cursor.execute(FACTS_SQL, {**viewer_parameters(request, now), **person_parameters(request)})
        row = cursor.fetchone()
    return facts_from_row(request, row, now)


def facts_from_row(
    request: AccessRequest, row: Sequence[Any], now: dt.datetime, members_sql: str = MEMBERS_SQL
) -> Facts:
    """Of the columns of FACTS_SQL."""
    principal = request.principal
    suspended, notes, tie_rows, confirmed, intakes, directives, emergencies, policy, sealed = row
    registrations = registrations_for_viewer(request.all_sources, principal.hospital_id)
    ties = TieEvaluator(
        request.all_sources,
        notes,
        tie_rows,
        {h: datetime_from_seconds(at) for h, at in intakes},
        now,
    )
    full_confirmations = [(covers, datetime_from_seconds(at)) for covers, at in confirmed]
    standing, waiting = [], []
    for directive in (DirectiveRow(*columns) for columns in directives):
        consent = evaluate_directive(directive, ties, full_confirmations, registrations, now)
        if directive.counts:
            standing.append(consent)
        if directive.is_waiting:
            waiting.append(consent)
    consents = with_memberships(
        (*standing, *waiting),
        principal.hospital,
        int(principal.id) if principal.kind == "staff" else 0,
        members_sql,
        now,
    )
    return Facts(
        now,
        frozenset(suspended),
        any(holds for at, _, holds, _ in notes if at == principal.hospital_id),
        ties.strength_at(principal.hospital_id),
        consents[: len(standing)],
        find_emergency_end(emergencies, request.all_sources, principal.hospital_id),
        ImplicitPolicy(*policy) if policy else ImplicitPolicy(),
        frozenset(s.hospital for s in request.all_sources if s.id in sealed),
        consents[len(standing) :],
        ties.find_referring_hospitals(principal.hospital_id),
    )
