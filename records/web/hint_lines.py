"""Hints about medicines as lines of a page: the rule's name, why, and what it rests on."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from records.meaning.facts import Fact
from records.meaning.key_results import EGFR, POTASSIUM, KeyResult, find_newest
from records.meaning.medicine_facts import doses_of, merge_medicines
from records.meaning.medicine_hints import CLASS_WORDS, Hint, find_hints, is_taken
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_reading import interpret_resource
from records.meaning.result_wording import flag_sign, flag_words, unit_words, value_words
from records.operations.shared_record import ShownResource
from records.web.banner_risks import as_entries, understood


@dataclass(frozen=True, slots=True)
class HintBasis:
    """A line that a rule rests on: a medicine, a result or an allergy."""

    title: str
    facts: tuple[str, ...]
    hospital: str
    date: str


@dataclass(frozen=True, slots=True)
class HintLine:
    name: str
    kind: str  # the class that is doubled
    words: str
    basis: tuple[HintBasis, ...]


def list_hints(
    rows: Mapping[str, Sequence[ShownResource]], whom: PatientTraits, now: dt.datetime
) -> list[HintLine]:
    """Of the current medicines that the viewer may see, whatever the page itself shows of them."""
    medicines = [*understood(rows, "MedicationRequest"), *understood(rows, "MedicationStatement")]
    allergies = understood(rows, "AllergyIntolerance")
    results = understood(rows, "key Observation")
    entries = as_entries(results)
    hints = find_hints(
        merge_medicines(as_entries(medicines)),
        find_newest(POTASSIUM, entries, whom, now),
        find_newest(EGFR, entries, whom, now),
        [(place, s.resource, interpret_resource(s.resource)) for place, s in enumerate(allergies)],
        now,
    )
    return [build_hint_line(h, medicines, allergies, results, now) for h in hints]


def build_hint_line(
    hint: Hint,
    medicines: Sequence[ShownResource],
    allergies: Sequence[ShownResource],
    results: Sequence[ShownResource],
    now: dt.datetime,
) -> HintLine:
    basis = [b for f in hint.facts for b in describe_medicine(f, medicines, now)]
    if hint.result:
        basis.append(describe_result(hint.result, results))
    basis += [
        HintBasis(
            reading.title,
            tuple(m.text for m in reading.marks),
            str(allergies[place].hospital),
            "",
        )
        for place, _resource, reading in hint.allergies
    ]
    return HintLine(
        str(hint.rule.name),
        str(CLASS_WORDS.get(hint.kind, "")),
        str(hint.rule.words),
        tuple(dict.fromkeys(basis)),
    )


def describe_medicine(
    f: Fact, medicines: Sequence[ShownResource], now: dt.datetime
) -> list[HintBasis]:
    """Its entries that are taken now, those that say the same once: the newest."""
    found: dict[tuple[object, ...], HintBasis] = {}
    for s in f.current:
        hospital = str(medicines[s.place].hospital)
        if is_taken(s, now):
            found.setdefault(
                (s.reading.title, doses_of(s), hospital),
                HintBasis(s.reading.title, s.reading.facts[:1], hospital, s.at.day),
            )
    return list(found.values())


def describe_result(x: KeyResult, results: Sequence[ShownResource]) -> HintBasis:
    r = x.result
    value = f"{value_words(r)} {unit_words(r)} {flag_sign(r)} {flag_words(r)}"
    return HintBasis(
        r.title, (" ".join(value.split()),), str(results[x.place].hospital), r.moment.shown
    )
