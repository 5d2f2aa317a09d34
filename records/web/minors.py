"""Tell whether a patient is so young that a guardian consents for them (PIPL 31)."""

import datetime as dt

from records.mpi.index.patient_search import DisplayedPerson

MINOR_AGE = 14


def is_under_fourteen(face: DisplayedPerson, today: dt.date) -> bool:
    """Under 14, by a birth date that is known to the day or the year (PIPL 31)."""
    try:
        born = (
            dt.date.fromisoformat(face.birth_date)
            if len(face.birth_date) == 10
            else dt.date(int(face.birth_date[:4]), 12, 31)
        )
    except ValueError:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < MINOR_AGE
