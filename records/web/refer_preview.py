"""Before a referral is sent: how many records of each kind the receiver will see of the own
hospital's, and how many not. Counted is only what the sender sees themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from records.operations.shared_record import SectionWindow

COUNTED_TYPES = (
    "Encounter",
    "Condition",
    "Observation",
    "DiagnosticReport",
    "MedicationRequest",
    "AllergyIntolerance",
    "Procedure",
    "Immunization",
    "ImagingStudy",
    "DocumentReference",
    "Composition",
)


@dataclass(frozen=True, slots=True)
class KindCount:
    """Of the own hospital's records of a type: how many the receiver will see, of how many."""

    type_name: str
    seen: int
    all: int

    @property
    def hidden(self) -> int:
        return self.all - self.seen


def count_windows(hospital_id: int) -> dict[str, SectionWindow]:
    return {
        f"count {t}": SectionWindow(1, t, hospital_id=hospital_id, counted=True)
        for t in COUNTED_TYPES
    }


def compare_counts(own: Mapping[str, int], theirs: Mapping[str, int]) -> Iterator[KindCount]:
    """own, theirs: totals of count_windows, of the sender and as the receiver would have them.
    Never more than the sender's: what they do not see themselves is not told by a difference.
    """
    for t in COUNTED_TYPES:
        if count := own.get(f"count {t}", 0):
            yield KindCount(t, min(count, theirs.get(f"count {t}", 0)), count)
