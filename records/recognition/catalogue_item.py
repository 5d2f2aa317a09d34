"""One recognisable item of the alliance's catalogue as values, and whether one hospital recognises
another's results of it. Pure.
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

# Hospital.Tier → its level: equal ones recognise each other, a lower one a higher one
# (国卫医发〔2022〕6号; whether a higher one recognises a lower one is the alliance's rule by item).
LEVELS = {"community": 1, "township": 1, "tertiary": 3}
LIST_SYSTEM = "urn:xinglin:codesystem:recognition-item"  # of the catalogue's own codes


@dataclass(frozen=True, slots=True)
class Qualification:
    """Of a hospital, by its code; ends: the last day, None: none is set."""

    hospital: str
    starts: dt.date
    ends: dt.date | None
    quality: str = "unknown"

    def covers(self, day: dt.date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """As records.models.RecognitionItem has it."""

    code: str
    name_zh: str
    name_en: str
    loincs: tuple[str, ...]
    window: int | None
    upward: bool = False
    scope: str = "alliance"
    place: str = ""
    specimens: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    price: Decimal | None = None
    pk: int = 0
    qualifications: tuple[Qualification, ...] = field(default=())

    def name(self, *, chinese: bool) -> str:
        return self.name_zh if chinese else self.name_en or self.name_zh

    def find_qualification(self, hospital: str, day: dt.date) -> Qualification | None:
        """The one by which the hospital's results of that day are recognised."""
        return next(
            (q for q in self.qualifications if q.hospital == hospital and q.covers(day)), None
        )

    def recognises(self, asking_tier: str, other_tier: str) -> bool:
        """Whether a hospital of one tier recognises another's results of the item."""
        asking, other = LEVELS.get(asking_tier, 0), LEVELS.get(other_tier, 0)
        return other >= asking or self.upward
