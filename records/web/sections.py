"""The sections of a record's page: what stands in which list, by what it says of the patient, and what is not shown and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from records.interactions.record import Shown
from records.meaning.lifetime import Lifetime
from records.meaning.modifiers import modified, warnings
from records.meaning.ranges import Patient
from records.meaning.sense import Sense
from records.web import present
from records.web.chart import draw
from records.web.results import result_lines, trends

# section -> the types that it is made of
SECTIONS = {
    "problems": ("Condition",), "medicines": ("MedicationRequest", "MedicationStatement"), "results": ("Observation",),
    "encounters": ("Encounter",), "documents": ("DiagnosticReport", "DocumentReference", "Composition"),
}
# section -> {list: which of its lines stand there}; what is void stands nowhere
LISTS: dict[str, dict[str, frozenset[Sense]]] = {
    "problems": {
        "problems": frozenset({Sense.CURRENT, Sense.FORBIDDEN}), "suspected_problems": frozenset({Sense.UNCERTAIN, Sense.PROPOSED}), "past_problems": frozenset({Sense.PAST}),
        "excluded_problems": frozenset({Sense.NEGATIVE}),
    },
    "medicines": {
        "forbidden_medicines": frozenset({Sense.FORBIDDEN}), "medicines": frozenset({Sense.CURRENT, Sense.UNCERTAIN}), "proposed_medicines": frozenset({Sense.PROPOSED}),
        "past_medicines": frozenset({Sense.PAST, Sense.NEGATIVE}),
    },
    "encounters": {"encounters": frozenset(Sense) - {Sense.VOID}},
    "documents": {"documents": frozenset(Sense) - {Sense.VOID}},
}
NAMED = 5  # withdrawn entries that a notice names


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about what a section does not show; loud: it may hide what matters."""

    text: str
    loud: bool = False


def contents(rows: Mapping[str, list[Shown]], most: Mapping[str, int], whom: Patient, life: Lifetime) -> dict[str, object]:
    """What the sections of a tab show; most: {type: how many of the newest}; notices: of what they do not show; cut: those of which there may be more."""
    out: dict[str, object] = {}
    notices: dict[str, list[Notice]] = {}
    for section, types in SECTIONS.items():
        found = [s for t in types if t in most for s in rows.get(t, [])[: most[t]]]
        clear = [s for s in found if not modified(s.resource)]
        notices[section] = hidden(found)
        if section == "results":
            notices[section] += withdrawn(clear)
            out["results"] = [(t, draw(t)) for t in trends([line for s in clear for line in result_lines(s, whom, life)])]
            continue
        lines = present.doubted(present.newest([present.line(s) for s in clear]), life)
        for name, senses in LISTS[section].items():
            out[name] = [x for x in lines if x.sense in senses]
    cut = {name: max(most[t] for t in types if t in most) for name, types in SECTIONS.items() if any(t in most and len(rows.get(t, [])) >= most[t] for t in types)}
    return {**out, "notices": notices, "cut": cut}


def hidden(found: Iterable[Shown]) -> list[Notice]:
    """One sentence a hospital about entries that carry something this system does not understand."""
    return [Notice(w, loud=True) for w in warnings(s.hospital.name for s in found if modified(s.resource))]


def withdrawn(found: Iterable[Shown]) -> list[Notice]:
    """Results that were cancelled or entered in error: that there were some, never their values."""
    lines = [x for s in found if (x := present.line(s)).sense is Sense.VOID]
    if not lines:
        return []
    ordered = present.newest(lines)
    named = _("; ").join(" ".join(filter(None, (x.title, x.date, x.hospital.name, *(f"({m.text})" for m in x.marks)))) for x in ordered[:NAMED])
    rest = _(" and %s more") % (len(ordered) - NAMED) if len(ordered) > NAMED else ""
    return [Notice(_("Withdrawn, not shown as results: %(named)s%(rest)s.") % {"named": named, "rest": rest})]
