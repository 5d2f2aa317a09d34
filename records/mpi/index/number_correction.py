"""A citizen number that a human has put right: the hospital's own record stays as it was sent,
the index compares and finds by the right one.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import Self

from django.db import connection

from records.models import Claim, MatchKey, PatientIdentifier, SourcePatient
from records.mpi.index.field_protection import decrypt_demographics, hash_all_keys, index_cipher
from records.mpi.index.identifier_digest import digest_identifier
from records.mpi.matching.fhir_patient import IndexedPatient
from records.mpi.matching.profile import Demographics, build_profile
from records.mpi.matching.rules import identity_paper, resident_number


@dataclass(frozen=True, slots=True)
class NumberCorrection:
    """wrong: the number that was sent, "" for none; right: the patient's own, "" where it is not
    known.
    """

    wrong: str
    right: str

    @classmethod
    def from_registration(cls, source_patient_id: int, right: str) -> Self:
        """Of what the registration says now. Raises NotANumber."""
        demographics = decrypt_demographics(
            bytes(SourcePatient.objects.get(pk=source_patient_id).words or b""), source_patient_id
        )
        return cls(
            identity_paper.valid_resident_number(demographics.number),
            resident_number.normalize_resident_number(right) if right else "",
        )

    @classmethod
    def decrypt(cls, encrypted: bytes, source_patient_id: int) -> Self:
        return cls(
            **json.loads(
                index_cipher().decrypt(
                    bytes(encrypted[:12]),
                    bytes(encrypted[12:]),
                    f"number|{source_patient_id}".encode(),
                )
            )
        )

    def encrypt(self, source_patient_id: int) -> bytes:
        nonce = os.urandom(12)
        return nonce + index_cipher().encrypt(
            nonce, json.dumps(asdict(self)).encode(), f"number|{source_patient_id}".encode()
        )

    def correct_demographics(self, demographics: Demographics) -> Demographics:
        """Only while the hospital sends what was wrong: a number that it has put right itself
        counts.
        """
        return (
            replace(demographics, number=self.right)
            if identity_paper.valid_resident_number(demographics.number) == self.wrong
            else demographics
        )

    def correct_identifiers(self, patient: IndexedPatient) -> IndexedPatient:
        if patient.features.number != self.wrong:
            return patient
        identifiers = tuple(
            (
                ("former", system, value)
                if kind == "resident" and value == self.wrong
                else (kind, system, value)
            )
            for kind, system, value in patient.identifiers
        )
        right_number = (
            (("resident", resident_number.RESIDENT_NUMBER_SYSTEM, self.right),)
            if self.right
            else ()
        )
        return replace(
            patient,
            features=replace(patient.features, number=self.right),
            identifiers=identifiers + right_number,
        )


def apply_correction(
    demographics: Demographics, encrypted_correction: bytes | None, source_patient_id: int
) -> Demographics:
    return (
        NumberCorrection.decrypt(encrypted_correction, source_patient_id).correct_demographics(
            demographics
        )
        if encrypted_correction
        else demographics
    )


def read_demographics(
    encrypted_demographics: bytes, source_patient_id: int, encrypted_correction: bytes | None = None
) -> Demographics:
    """The words of a registration as the index compares them."""
    return apply_correction(
        decrypt_demographics(encrypted_demographics, source_patient_id),
        encrypted_correction,
        source_patient_id,
    )


def reindex_numbers(source_patient_id: int) -> None:
    """The numbers by which a registration is found, and its blocks, as its correction has them."""
    row = SourcePatient.objects.get(pk=source_patient_id)
    demographics = decrypt_demographics(bytes(row.words or b""), source_patient_id)
    wrong, corrected = (
        identity_paper.valid_resident_number(demographics.number),
        apply_correction(demographics, row.correction, source_patient_id),
    )
    right = identity_paper.valid_resident_number(corrected.number)
    all_numbers = {wrong, right} | {
        NumberCorrection.decrypt(c, source_patient_id).right
        for c in Claim.objects.filter(one=source_patient_id, kind=Claim.Kind.NUMBER).values_list(
            "value", flat=True
        )
    } - {""}
    digests = [
        digest_identifier(kind, number) for number in all_numbers for kind in ("resident", "other")
    ]
    PatientIdentifier.objects.filter(source=source_patient_id, digest__in=digests).delete()
    rows = [(kind, digest_identifier(kind, right)) for kind in ("resident", "other") if right]
    rows += [
        ("former", digest_identifier(kind, wrong))
        for kind in ("resident", "other")
        if wrong and wrong != right
    ]
    PatientIdentifier.objects.bulk_create(
        [PatientIdentifier(source_id=source_patient_id, kind=kind, digest=d) for kind, d in rows]
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM records_matchkey WHERE source_id = %s", [source_patient_id])
    MatchKey.objects.bulk_create(
        [
            MatchKey(source_id=source_patient_id, key=k)
            for k in hash_all_keys(build_profile(corrected))
        ]
    )
