"""List the column sets, in the order in which their files are read."""

from __future__ import annotations

from .allergies import ALLERGIES
from .column_set import ColumnSet
from .diagnoses import DIAGNOSES
from .documents import DOCUMENTS
from .examinations import EXAMINATIONS
from .laboratory import LABORATORY
from .orders import ORDERS
from .patients import PATIENTS
from .vaccinations import VACCINATIONS
from .visits import VISITS

SETS: tuple[ColumnSet, ...] = (
    PATIENTS,
    VISITS,
    DIAGNOSES,
    ORDERS,
    LABORATORY,
    EXAMINATIONS,
    DOCUMENTS,
    ALLERGIES,
    VACCINATIONS,
)
BY_NAME: dict[str, ColumnSet] = {s.name: s for s in SETS}
