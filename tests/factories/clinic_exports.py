"""Exports of a township clinic's old system, with the faults of real life planted in them:
synthetic patients only, the same for the same seed.
"""

import datetime as dt
import random
from pathlib import Path

from tests.factories.clinic import Clinic, Planted
from tests.factories.clinic_registrations import write_patients, write_visits
from tests.factories.clinic_results import write_documents, write_examinations, write_laboratory
from tests.factories.clinic_treatments import (
    write_allergies,
    write_diagnoses,
    write_prescriptions,
    write_vaccinations,
)


def write_exports(
    folder: Path, patients: int = 1000, seed: int = 1, today: dt.date = dt.date(2026, 5, 31)
) -> Planted:
    """Write a folder of exports; say what was planted in it."""
    folder.mkdir(parents=True, exist_ok=True)
    clinic = Clinic(random.Random(seed), Planted(), folder, today)
    for write in (
        write_patients,
        write_visits,
        write_diagnoses,
        write_prescriptions,
        write_laboratory,
        write_examinations,
        write_documents,
        write_allergies,
        write_vaccinations,
    ):
        write(clinic, patients) if write is write_patients else write(clinic)
    return clinic.planted
