"""How the values of one local code spread, without a patient: units, ranges, words, quantiles.
Pure. Of fewer than FEWEST patients nothing of it is shown to anybody.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from records.mapping.mapped_mark import read_sent_unit
from records.meaning.range_display import join_ends
from records.meaning.result_values import ValueKind, read_value

Json = dict[str, Any]
FEWEST = 5  # patients: below, a number or a word could be somebody's
ENOUGH = 20  # numbers: below, quantiles are single values
MOST = 6  # units, ranges and words that are kept
LONGEST = 40
EXAMPLES, SHORT = 3, 16  # examples that are kept; characters of the value of one


@dataclass(frozen=True, slots=True)
class ValueProfile:
    """Counts in a sample of the newest records. units, ranges, words: {as sent: how often}, the
    most frequent ones; numbers, texts: how many values are which; quantiles: (5 %, median, 95 %)
    of those in the most frequent unit; examples: three values with unit and range, of different
    patients; sexes: of the patients.
    """

    sample: int = 0
    units: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    numbers: int = 0
    texts: int = 0
    quantiles: tuple[float, float, float] | None = None
    examples: tuple[str, ...] = ()
    sexes: dict[str, int] = field(default_factory=dict)

    @property
    def spread(self) -> tuple[str, str, str] | None:
        """The quantiles as they are shown."""
        if self.quantiles is None:
            return None
        low, middle, high = (f"{v:g}" for v in self.quantiles)
        return low, middle, high

    @property
    def unit(self) -> str:
        """The most frequent one."""
        return next(iter(self.units), "")

    def write(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def read_profile(text: str) -> ValueProfile:
    if not text:
        return ValueProfile()
    stored = json.loads(text)
    if stored.get("quantiles"):
        stored["quantiles"] = tuple(stored["quantiles"])
    stored["examples"] = tuple(stored.get("examples") or ())
    return ValueProfile(**stored)


@dataclass(frozen=True, slots=True)
class SampledElement:
    """What the code is of (an Observation, a component, a Condition …), and whose it is."""

    element: Json
    patient: int


def make_profile(sample: Iterable[SampledElement], sexes: Mapping[int, str]) -> ValueProfile:
    """sexes: {patient: "male" or "female"} of those of whom it is known."""
    units: Counter[str] = Counter()
    ranges: Counter[str] = Counter()
    owners: dict[str, set[int]] = {}
    numbers: dict[str, list[float]] = {}
    counted = texts = 0
    patients: set[int] = set()
    examples: dict[int, str] = {}
    for one in sample:
        counted += 1
        patients.add(one.patient)
        value = read_value(one.element)
        unit = sent_unit(one.element)
        if unit:
            units[unit] += 1
        if value.kind is ValueKind.NUMBER and value.number is not None:
            numbers.setdefault(unit, []).append(value.number)
        elif value.kind is ValueKind.TEXT and value.text:
            texts += 1
            if len(value.text) <= LONGEST:
                owners.setdefault(value.text, set()).add(one.patient)
        if bounds := sent_range(one.element):
            ranges[bounds] += 1
        if len(examples) < EXAMPLES and value.text and len(value.text) <= SHORT:
            parts = (value.text, unit, f"({bounds})" if bounds else "")
            said = " ".join(filter(None, parts))
            if said not in examples.values():
                examples.setdefault(one.patient, said)
    words = Counter({w: len(who) for w, who in owners.items() if len(who) >= FEWEST})
    usual = max(numbers.values(), key=len, default=[])
    return ValueProfile(
        counted,
        dict(units.most_common(MOST)),
        dict(ranges.most_common(MOST)),
        dict(words.most_common(MOST)),
        sum(map(len, numbers.values())),
        texts,
        find_quantiles(usual),
        tuple(examples.values()),
        dict(Counter(sexes[p] for p in patients if p in sexes)),
    )


def find_quantiles(values: list[float]) -> tuple[float, float, float] | None:
    """None of few; to three digits, so that no single value can be told by its last ones."""
    if len(values) < ENOUGH:
        return None
    ordered = sorted(values)
    at = [ordered[round(q * (len(ordered) - 1))] for q in (0.05, 0.5, 0.95)]
    low, middle, high = (float(f"{v:.3g}") for v in at)
    return low, middle, high


def sent_unit(element: Json) -> str:
    quantity = element.get("valueQuantity")
    if not isinstance(quantity, dict):
        value = read_value(element)
        return value.unit.sent[:LONGEST] if value.kind is ValueKind.NUMBER else ""
    _, code, written = read_sent_unit(quantity)
    return (written or code)[:LONGEST]


def sent_range(element: Json) -> str:
    for bounds in element.get("referenceRange") or []:
        if not isinstance(bounds, dict):
            continue
        if bounds.get("text"):
            return str(bounds["text"])[:LONGEST]
        if said := join_ends(bounds.get("low"), bounds.get("high")):
            return said[:LONGEST]
    return ""
