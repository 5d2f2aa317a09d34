"""The same medicine of several hospitals, or of several orders, as one fact: one ingredient is one
line, its products, forms and strengths are its statements. What must not be given, and what nobody
has ordered, stand apart.
"""

from collections.abc import Iterable
from dataclasses import replace

from records.meaning.dosage import describe_doses
from records.meaning.drug_names import Drug, identify_drug
from records.meaning.facts import (
    Fact,
    Statement,
    fact_order,
    find_contradictions,
    other_names,
    read_statements,
    statement_order,
)
from records.meaning.phrase import Json
from records.meaning.sense import Sense

# A line of its own for each: what is forbidden or only proposed is no state of what is taken
APART = frozenset({Sense.FORBIDDEN, Sense.PROPOSED, Sense.UNASKED})


def merge_medicines(entries: Iterable[tuple[str, Json]]) -> list[Fact]:
    """entries: (hospital, MedicationRequest or MedicationStatement, its Medication joined). The
    newest first.
    """
    groups: dict[tuple[str, Sense | None], list[tuple[Statement, Drug]]] = {}
    for s in read_statements(entries, "authoredOn", "dateAsserted"):
        drug = identify_drug(s.resource, f"\0{s.place}")
        apart = s.reading.sense if s.reading.sense in APART else None
        groups.setdefault((drug.key, apart), []).append((s, drug))
    forbidden = {
        key: [s for s, _drug in found]
        for (key, apart), found in groups.items()
        if apart is Sense.FORBIDDEN
    }
    out = []
    for (key, apart), found in groups.items():
        fact = build_medicine(found)
        if apart is None and fact.current and key in forbidden:
            fact = replace(fact, against=(*forbidden[key], *fact.against))
        out.append(fact)
    return sorted(out, key=fact_order)


def build_medicine(found: list[tuple[Statement, Drug]]) -> Fact:
    statements = tuple(sorted((s for s, _drug in found), key=statement_order))
    drug = found[0][1]
    fact = Fact(statements, other_names(statements), stopped_later(statements), drug=drug)
    return replace(fact, differs=len({doses_of(s) for s in fact.current} - {()}) > 1)


def stopped_later(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """A course that was completed says nothing against the next one; what was stopped or not
    taken after the newest current entry does.
    """
    newest = max((s.when for s in statements if s.reading.sense is Sense.CURRENT), default=None)
    return tuple(
        s
        for s in find_contradictions(statements)
        if s.reading.loud and (newest is None or s.when >= newest)
    )


def doses_of(s: Statement) -> tuple[str, ...]:
    r = s.resource
    return describe_doses(
        r.get("dosageInstruction") or r.get("dosage") or [], r.get("contained") or []
    )
