"""What a pharmacist would point out among the medicines that a patient takes now: few rules, each
certain of what it says, each with its name. Nothing is judged from their absence.

Sources: warnings of the products' own labels (NMPA, EMA summaries of product characteristics):
anticoagulants together or with NSAIDs; potassium and potassium-sparing diuretics in
hyperkalaemia, or with ACE inhibitors or ARBs; metformin below 30 mL/min/1.73 m².
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from django.utils.translation import gettext_lazy as _

from records.meaning.absence import Presence, fold_words, presence_of_words
from records.meaning.drug_names import Ingredient, ingredients_in_name, ingredients_of_concept
from records.meaning.facts import HELD, Fact, Statement
from records.meaning.key_results import KeyResult, is_egfr_low, is_potassium_high
from records.meaning.medicine_facts import doses_of
from records.meaning.phrase import Json
from records.meaning.sense import ResourceReading, Words
from records.meaning.times import parse_moment
from records.meaning.value_text import LONGEST, concept_text, drop_nulls

Allergy = tuple[int, Json, ResourceReading]  # its place among those handed in
RAS = frozenset({"ace-inhibitor", "arb"})
# Classes of which two medicines do the same twice; two antiplatelets are often meant so
DOUBLED: tuple[frozenset[str], ...] = (
    RAS,
    *(
        frozenset({c})
        for c in (
            "nsaid",
            "statin",
            "beta-blocker",
            "sulfonylurea",
            "proton-pump-inhibitor",
            "potassium-sparing",
        )
    ),
)
ALLERGENS_APART = re.compile(r"[、,;。/]|及|和")
ALLERGEN_ENDS = (
    "史",
    "(+)",
    "阳性",
    "皮试",
    "?",
    "反应",
    "过敏",
    "药物",
    "抗生素",
    "类",
    " allergy",
)
CLASS_WORDS: dict[str, Words] = {
    "ace-inhibitor": _("ACE inhibitor or ARB"),
    "arb": _("ACE inhibitor or ARB"),
    "nsaid": _("NSAID"),
    "statin": _("statin"),
    "beta-blocker": _("beta blocker"),
    "sulfonylurea": _("sulfonylurea"),
    "proton-pump-inhibitor": _("proton pump inhibitor"),
    "potassium-sparing": _("potassium-sparing diuretic"),
}


@dataclass(frozen=True, slots=True)
class HintRule:
    """name: as the page calls it; words: why it matters, one sentence."""

    code: str
    name: Words
    words: Words


@dataclass(frozen=True, slots=True)
class Hint:
    """What one rule found. facts: the lines it rests on; results, allergies: likewise; kind: the
    class that is doubled.
    """

    rule: HintRule
    facts: tuple[Fact, ...]
    result: KeyResult | None = None
    allergies: tuple[Allergy, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """All that rules look at. facts: of medicines taken now, which act on the whole body."""

    facts: tuple[Fact, ...]
    potassium: KeyResult | None
    egfr: KeyResult | None
    allergies: tuple[Allergy, ...]

    def of(self, *classes: str) -> tuple[Fact, ...]:
        return tuple(f for f in self.facts if f.drug.classes & set(classes))


ALLERGY = HintRule(
    "allergy",
    _("Recorded allergy to a current medicine"),
    _("The record holds an allergy to this medicine or to its class: check before the next dose."),
)
ANTICOAGULANTS = HintRule(
    "two-anticoagulants",
    _("Two anticoagulants"),
    _("Bleeding risk adds up: check whether both are meant, or whether one follows the other."),
)
BLEEDING = HintRule(
    "anticoagulant-nsaid",
    _("Anticoagulant with an NSAID"),
    _("The risk of bleeding, above all of the stomach, rises."),
)
POTASSIUM_HIGH = HintRule(
    "potassium-high",
    _("Potassium or potassium-sparing diuretic while potassium is high"),
    _("The newest potassium is above its range: check whether it shall go on."),
)
METFORMIN = HintRule(
    "metformin-egfr",
    _("Metformin with an eGFR below 30"),
    _("Labels forbid metformin below 30 mL/min/1.73 m² for the danger of lactic acidosis."),
)
RETENTION = HintRule(
    "ras-potassium-sparing",
    _("ACE inhibitor or ARB with a potassium-sparing diuretic"),
    _("Potassium may rise: potassium and creatinine have to be followed."),
)
SAME_INGREDIENT = HintRule(
    "same-ingredient",
    _("Same ingredient twice"),
    _("Ordered by several hospitals, or several times with other doses: check what is taken."),
)
SAME_CLASS = HintRule(
    "same-class",
    _("Same class twice"),
    _("Two medicines of one class: check whether both are meant."),
)


def find_hints(
    medicines: Iterable[Fact],
    potassium: KeyResult | None,
    egfr: KeyResult | None,
    allergies: Iterable[Allergy],
    now: dt.datetime,
) -> list[Hint]:
    """The gravest rule first. Only medicines that are taken now count: not ended, not on hold, not
    proposed or forbidden, nor those whose stated time is over.
    """
    taken = Taken(
        tuple(
            f for f in medicines if not f.drug.local and any(is_taken(s, now) for s in f.current)
        ),
        potassium,
        egfr,
        tuple(a for a in allergies if a[2].sense in HELD),
    )
    return [hint for rule in RULES for hint in rule(taken, now)]


def is_taken(s: Statement, now: dt.datetime) -> bool:
    """Whether a current entry speaks of today."""
    if s.reading.sense not in HELD or s.resource.get("status") == "on-hold":
        return False
    return all(end is None or end > now for end in stated_ends(s.resource))


def stated_ends(r: Json) -> Iterator[dt.datetime | None]:
    """When an order says itself that it is over. Of several doses the last one counts."""
    doses = r.get("dosageInstruction") or r.get("dosage") or []
    bounds = [
        ((d.get("timing") or {}).get("repeat") or {}).get("boundsPeriod") or {} for d in doses
    ]
    periods = [r.get("effectivePeriod"), (r.get("dispenseRequest") or {}).get("validityPeriod")]
    for period in periods:
        if isinstance(period, dict) and period.get("end"):
            yield parse_moment(str(period["end"])).ends
    ends = [parse_moment(str(b.get("end") or "")).ends for b in bounds]
    if ends and all(ends):
        yield max(e for e in ends if e is not None)


def allergy_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    for f in taken.facts:
        found = tuple(a for a in taken.allergies if names_drug(a[1], f))
        if found:
            yield Hint(ALLERGY, (f,), allergies=found)


def names_drug(allergy: Json, f: Fact) -> bool:
    """Whether an allergy is to an ingredient, or to penicillins as a class."""
    r = drop_nulls(allergy)
    concepts = [r.get("code"), *(x.get("substance") for x in r.get("reaction") or [])]
    for concept in concepts:
        if not isinstance(concept, dict):
            continue
        found = ingredients_of_concept(concept) or ingredients_in_words(concept_text(concept))
        if {i.name for i in found} & f.drug.ingredients:
            return True
        if "penicillin" in f.drug.classes and any("penicillin" in i.classes for i in found):
            return True
    return False


def ingredients_in_words(words: str) -> frozenset[Ingredient]:
    """Of each allergen of a list that does not say itself that it is none: 青霉素皮试(+)、磺胺."""
    parts = ALLERGENS_APART.split(fold_words(words)) if len(words) <= LONGEST else []
    return frozenset().union(
        *(
            ingredients_in_name(allergen_words(part))
            for part in parts
            if presence_of_words(part) is Presence.PRESENT and not part.endswith("(-)")
        )
    )


def allergen_words(words: str) -> str:
    """对青霉素类药物过敏: 青霉素."""
    for end in ALLERGEN_ENDS:
        words = words.strip().removesuffix(end)
    return words.removeprefix("对").removeprefix("allergy to ")


def anticoagulant_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    if len(found := taken.of("anticoagulant")) > 1:
        yield Hint(ANTICOAGULANTS, found)


def bleeding_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    thinners, painkillers = taken.of("anticoagulant"), taken.of("nsaid")
    if thinners and painkillers:
        yield Hint(BLEEDING, (*thinners, *painkillers))


def potassium_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    found = taken.of("potassium", "potassium-sparing")
    if found and taken.potassium and is_potassium_high(taken.potassium):
        yield Hint(POTASSIUM_HIGH, found, taken.potassium)


def metformin_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    found = taken.of("metformin")
    if found and taken.egfr and is_egfr_low(taken.egfr):
        yield Hint(METFORMIN, found, taken.egfr)


def retention_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    blockers, sparing = taken.of(*RAS), taken.of("potassium-sparing")
    if blockers and sparing:
        yield Hint(RETENTION, tuple(dict.fromkeys((*blockers, *sparing))))


def ingredient_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    for f in taken.facts:
        current = [s for s in f.current if is_taken(s, now)]
        if is_ordered_twice(current):
            yield Hint(SAME_INGREDIENT, (f,))
    for a, b in combinations(taken.facts, 2):
        if a.drug.ingredients & b.drug.ingredients:
            yield Hint(SAME_INGREDIENT, (a, b))


def is_ordered_twice(current: list[Statement]) -> bool:
    """By several hospitals, or at one in several orders that are not the same one again."""
    if len({s.source for s in current}) > 1:
        return True
    orders = [s for s in current if s.resource.get("resourceType") == "MedicationRequest"]
    return len({(s.reading.title, doses_of(s)) for s in orders}) > 1


def class_hints(taken: Taken, now: dt.datetime) -> Iterator[Hint]:
    for classes in DOUBLED:
        if len(found := taken.of(*classes)) > 1:
            yield Hint(SAME_CLASS, found, kind=min(classes))


RULES: tuple[Callable[[Taken, dt.datetime], Iterator[Hint]], ...] = (
    allergy_hints,
    anticoagulant_hints,
    bleeding_hints,
    potassium_hints,
    metformin_hints,
    retention_hints,
    ingredient_hints,
    class_hints,
)
