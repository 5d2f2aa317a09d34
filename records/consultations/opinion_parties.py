"""Whom and what an opinion names beside its fields: hospitals, doctors, the patient as the asking
hospital has registered them, the records that went along. Pure.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from records.mpi.matching.fhir_patient import patient_names

SEX_BY_GENDER = {"male": "1", "female": "2"}  # GB/T 2261.1; all else is 9, not stated


class DoctorRole(StrEnum):
    ASKING = "asking"
    LEAD = "lead"
    EXPERT = "expert"


@dataclass(frozen=True, slots=True)
class Institution:
    """code: of the alliance's hospital; credit_code: its unified social credit code."""

    code: str
    name: str
    credit_code: str = ""


@dataclass(frozen=True, slots=True)
class Doctor:
    """staff_id: of the account in the alliance."""

    staff_id: int
    name: str
    hospital: Institution
    department: str = ""
    title: str = ""
    role: DoctorRole = DoctorRole.EXPERT


@dataclass(frozen=True, slots=True)
class RegisteredPatient:
    """birth_date: as FHIR writes it, "" where unknown; sex_code: of GB/T 2261.1."""

    fhir_id: str
    name: str
    sex_code: str = "9"
    birth_date: str = ""

    @classmethod
    def from_resource(cls, patient: Mapping[str, Any]) -> "RegisteredPatient":
        return cls(
            str(patient["id"]),
            next(iter(patient_names(dict(patient))), ""),
            SEX_BY_GENDER.get(str(patient.get("gender", "")), "9"),
            str(patient.get("birthDate", "")),
        )


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A record as it went along with the question. address: hospital/Type/id; sha256: of what the
    sender saw, in hexadecimal.
    """

    address: str
    version: str
    sha256: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class OpinionContext:
    """number: of the work item, as people say it; consulted: where the consultation took place;
    experts: the lead first; question: in the asking doctor's words, of any length; request_digest:
    digest_request of what was sent; written_at: when the document was made, by the database's
    clock; revision: 1, and more for an opinion that replaces an earlier one.
    """

    number: str
    kind: str
    patient: RegisteredPatient
    asking: Doctor
    consulted: Institution
    experts: tuple[Doctor, ...]
    question: str
    asked_at: dt.datetime
    request_digest: str
    ended_at: dt.datetime
    written_at: dt.datetime
    attachments: tuple[SentRecord, ...] = ()
    revision: int = 1
