"""Resolve the registrations of one write in order: each is decided as if it had come alone after
those before it. What does not touch is asked for together and linked together, for a statement
costs more than what it asks.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from records.fhir.issues import Issue, TooLarge
from records.fhir.limits import MATCHING
from records.mpi.index import rule_links
from records.mpi.index.arrival_matching import MatchOutcome, active_rule_name, match_registration
from records.mpi.index.candidates import (
    NO_CANDIDATES,
    Candidates,
    find_block_sharers,
    find_candidates,
)
from records.mpi.index.claim_settlement import split_off_registration
from records.mpi.index.pending_registration import PendingRegistration
from records.mpi.index.rule_links import PendingLink

GROUP_SIZE = 50  # arrivals that are asked for at once: a crowded one brings some hundred others
# index: records_sourcepatient_pkey
CROWDED_SQL = "UPDATE records_sourcepatient SET crowded_at = now() WHERE id = %s"


class BatchResolver:
    """changed_persons: persons to whom something has happened since the last question;
    pending_links: links that are not written yet, no two of one person.
    """

    def __init__(self, registrations: Sequence[PendingRegistration]) -> None:
        self.registrations = registrations
        self.turn_of = {
            registration.source_patient_id: turn for turn, registration in enumerate(registrations)
        }
        self.holders_of_block: dict[int, list[int]] = defaultdict(list)
        for registration in registrations:
            for block in registration.blocks:
                self.holders_of_block[block].append(registration.source_patient_id)
        self.seconds_spent = 0.0  # seconds of this thread that comparing has taken
        self.pending_links: list[PendingLink] = []
        self.changed_persons: set[UUID] = set()
        self.new_person_of: dict[int, UUID] = {}

    def resolve(self) -> dict[int, UUID]:
        """{registration: its new person} of those that were moved."""
        block_sharers = (
            find_block_sharers(
                {
                    registration.source_patient_id: registration.blocks
                    for registration in self.registrations
                }
            )
            if len(self.registrations) > 1
            else set(self.turn_of)
        )
        to_resolve = [
            registration
            for registration in self.registrations
            if registration.source_patient_id in block_sharers
        ]
        for start in range(0, len(to_resolve), GROUP_SIZE):
            self.resolve_group(to_resolve[start : start + GROUP_SIZE])
        return self.new_person_of

    def resolve_group(self, group: Sequence[PendingRegistration]) -> None:
        first_turn = self.turn_of[group[0].source_patient_id]
        candidates = find_candidates(
            group,
            {registration.source_patient_id for registration in self.registrations[first_turn:]},
        )
        self.changed_persons, noted_until = set(), first_turn
        for registration in group:
            turn = self.turn_of[registration.source_patient_id]
            self.changed_persons |= {
                self.new_person_of.get(other.source_patient_id, other.person_id)
                for other in self.registrations[noted_until:turn]
                if other.is_update
            }
            noted_until = turn
            if self.is_stale(
                registration,
                candidates.get(registration.source_patient_id, NO_CANDIDATES),
                range(first_turn, turn),
            ):
                self.write_links()
                candidates |= {registration.source_patient_id: NO_CANDIDATES} | find_candidates(
                    [registration], {other.source_patient_id for other in self.registrations[turn:]}
                )
            self.decide_registration(
                registration, candidates.get(registration.source_patient_id, NO_CANDIDATES)
            )
        self.write_links()

    def is_stale(
        self, registration: PendingRegistration, candidates: Candidates, turns_since: range
    ) -> bool:
        """Whether one that has had its turn since the question shares a block with this one, or
        has come to a person beside it.
        """
        return any(
            self.turn_of[holder] in turns_since
            for block in registration.blocks
            for holder in self.holders_of_block[block]
        ) or any(other.person_id in self.changed_persons for other in candidates.registrations)

    def decide_registration(
        self, registration: PendingRegistration, candidates: Candidates
    ) -> None:
        """Link the registration, ask a human, or neither. What a human has said stays."""
        person_id = registration.person_id
        outcome = self.match_within_budget(registration, candidates)
        if outcome.reviews:
            rule_links.open_reviews(registration.source_patient_id, outcome.reviews)
        if outcome.crowded:
            with connection.cursor() as cursor:
                cursor.execute(CROWDED_SQL, [registration.source_patient_id])
        if outcome.linked_person_id is not None:
            self.pending_links.append(
                PendingLink(
                    registration.source_patient_id,
                    person_id,
                    outcome.linked_person_id,
                    outcome.via_source_patient_id,
                    outcome.reasons,
                )
            )
            self.changed_persons |= {person_id, outcome.linked_person_id}
        if outcome.twin_splits and registration.source_patient_id not in self.write_links():
            self.changed_persons |= {other.person_id for other in candidates.registrations}
            for nameless_id, twin_id in outcome.twin_splits:
                self.split_off_nameless(nameless_id, twin_id, registration.source_patient_id)

    def split_off_nameless(self, nameless_id: int, twin_id: int, arriving_id: int) -> None:
        """Take a child without a name out of its person, for the arriving one may be it as well:
        a human says which of the two twins it is.
        """
        moved = split_off_registration(nameless_id, by=active_rule_name())
        self.new_person_of |= moved
        self.changed_persons |= set(moved.values())
        held = ("held:rivals",)
        rule_links.open_reviews(nameless_id, [(twin_id, held), (arriving_id, held)])

    def match_within_budget(
        self, registration: PendingRegistration, candidates: Candidates
    ) -> MatchOutcome:
        """Raises TooLarge where several come together that look so much alike that comparing
        them would hold up everybody else.
        """
        if self.seconds_spent > MATCHING and len(self.registrations) > 1:
            raise TooLarge(
                Issue(
                    "too-costly",
                    "The Patients of this body look so much alike that comparing them takes longer"
                    f" than {MATCHING} seconds: send them in several bodies, or one by one.",
                    registration.arrival.place or "Patient",
                    rule="patient.too-alike",
                )
            )
        began = time.thread_time()
        try:
            return match_registration(registration.profile, registration.person_id, candidates)
        finally:
            self.seconds_spent += time.thread_time() - began

    def write_links(self) -> set[int]:
        """Who of the pending ones are linked now."""
        moved_rows, self.pending_links = (
            (
                rule_links.write_rule_links(self.pending_links, by=active_rule_name())
                if self.pending_links
                else []
            ),
            [],
        )
        self.new_person_of |= {moved_id: person_id for _, moved_id, person_id in moved_rows}
        return {linked_id for linked_id, _, _ in moved_rows}
