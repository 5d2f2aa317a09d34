"""A newly stored Patient as a matching profile: as they were sent, as they are kept and as they are
compared.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from records.mpi.index.field_protection import (
    decrypt_demographics,
    decrypt_fields,
    fingerprint_fields,
    hash_blocking_keys,
)
from records.mpi.index.number_correction import NumberCorrection, apply_correction
from records.mpi.index.source_patients import SourcePatientRow
from records.mpi.matching.fhir_patient import MAX_FORMER_NAMES, IndexedPatient
from records.mpi.matching.profile import Demographics, Profile, build_profile


@dataclass(slots=True)
class ArrivedPatient:
    """A Patient that was just stored; place: its FHIRPath in a bundle, for messages."""

    source_row: SourcePatientRow
    patient: dict[str, Any]
    place: str = ""


@dataclass
class PendingRegistration:
    """An arrival as the index will have it. sent_demographics: as they were sent;
    kept_demographics: with the names that the patient had before, as they are stored;
    corrected_demographics: with the number that a human has put right, as they are compared.
    """

    arrival: ArrivedPatient
    sent_patient: IndexedPatient
    sent_demographics: Demographics

    @property
    def source_patient_id(self) -> int:
        """The row of the index."""
        return self.arrival.source_row.source_patient_id

    @property
    def person_id(self) -> UUID:
        """The registration's person when the write began."""
        return self.arrival.source_row.person_id

    @property
    def is_update(self) -> bool:
        return self.arrival.source_row.encrypted_demographics is not None

    @property
    def change_mark(self) -> str:
        return fingerprint_fields(self.sent_patient, replace(self.sent_demographics, registered=""))

    @cached_property
    def corrected_demographics(self) -> Demographics:
        """As they are compared."""
        return apply_correction(
            self.kept_demographics,
            self.arrival.source_row.encrypted_correction,
            self.source_patient_id,
        )

    @cached_property
    def kept_demographics(self) -> Demographics:
        """With the names that the patient had when they were sent before."""
        source_row = self.arrival.source_row
        if source_row.encrypted_demographics is None:
            return self.sent_demographics
        earlier = decrypt_demographics(
            source_row.encrypted_demographics, source_row.source_patient_id
        )
        former_names = dict.fromkeys(
            name
            for name in (*self.sent_demographics.former, earlier.name, *earlier.former)
            if name and name != self.sent_demographics.name
        )
        return replace(self.sent_demographics, former=tuple(former_names)[:MAX_FORMER_NAMES])

    @cached_property
    def profile(self) -> Profile:
        return build_profile(self.corrected_demographics, str(self.source_patient_id))

    @cached_property
    def blocks(self) -> list[int]:
        return hash_blocking_keys(self.profile)

    @property
    def corrected_patient(self) -> IndexedPatient:
        """The patient as the index finds them: with the corrected number."""
        source_row = self.arrival.source_row
        return (
            NumberCorrection.decrypt(
                source_row.encrypted_correction, source_row.source_patient_id
            ).correct_identifiers(self.sent_patient)
            if source_row.encrypted_correction
            else self.sent_patient
        )

    @property
    def has_changes(self) -> bool:
        source_row = self.arrival.source_row
        return (
            source_row.encrypted_demographics is None
            or decrypt_fields(source_row.encrypted_demographics, source_row.source_patient_id)[1]
            != self.change_mark
        )
