"""The sections of a record's page: what stands in which list, by what it says of the patient,
and what is not shown and why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from alliance.platform.brackets import bracket_words
from records.documents.compositions import find_composition
from records.meaning.lifetime import Lifetime
from records.meaning.medicine_facts import merge_medicines
from records.meaning.problem_facts import merge_problems
from records.meaning.reference_ranges import PatientTraits
from records.meaning.sense import ReadingMark, Sense
from records.meaning.states import judge_state
from records.meaning.unknown_modifiers import has_unknown_modifier, warn_of_hidden_entries
from records.operations.shared_record import ShownResource
from records.web import resource_display
from records.web.fact_lines import build_fact_lines
from records.web.newest_results import list_newest_results
from records.web.result_display import build_result_lines
from records.web.timeline import encounter_url

# section -> the types that it is made of
SECTION_TYPES = {
    "problems": ("Condition",),
    "medicines": ("MedicationRequest", "MedicationStatement"),
    "results": ("Observation",),
    "encounters": ("Encounter",),
    "documents": ("DiagnosticReport", "DocumentReference", "Composition"),
}
# section -> {list: which of its lines stand there}; what is void stands nowhere
SECTION_LISTS: dict[str, dict[str, frozenset[Sense]]] = {
    "problems": {
        "problems": frozenset({Sense.CURRENT, Sense.FORBIDDEN}),
        "suspected_problems": frozenset({Sense.UNCERTAIN, Sense.PROPOSED}),
        "past_problems": frozenset({Sense.PAST}),
        "excluded_problems": frozenset({Sense.NEGATIVE}),
    },
    "medicines": {
        "forbidden_medicines": frozenset({Sense.FORBIDDEN}),
        "medicines": frozenset({Sense.CURRENT, Sense.UNCERTAIN}),
        "proposed_medicines": frozenset({Sense.PROPOSED}),
        "past_medicines": frozenset({Sense.PAST, Sense.NEGATIVE}),
    },
    "encounters": {"encounters": frozenset(Sense) - {Sense.VOID}},
    "documents": {"documents": frozenset(Sense) - {Sense.VOID}},
}
# What is one fact though several entries state it
MERGED = {"problems": merge_problems, "medicines": merge_medicines}
MAX_NAMED = 5  # withdrawn entries that a notice names


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about what a section does not show; loud: it may hide what matters."""

    text: str
    loud: bool = False


def build_sections(
    person: UUID,
    rows: Mapping[str, list[ShownResource]],
    most: Mapping[str, int],
    whom: PatientTraits,
    life: Lifetime,
) -> dict[str, object]:
    """What the sections of a tab show; most: {type: how many of the newest}; notices: of what
    they do not show; cut: those of which there may be more.
    """
    bundled = [d for s in rows.get("Bundle", []) if (d := take_composition(s)) is not None]
    rows = {**rows, "Composition": [*bundled, *rows.get("Composition", [])]}
    out: dict[str, object] = {}
    notices: dict[str, list[Notice]] = {}
    for section, types in SECTION_TYPES.items():
        found = [s for t in types if t in most for s in rows.get(t, [])[: most[t]]]
        clear = [s for s in found if not has_unknown_modifier(s.resource)]
        notices[section] = list_hidden_notices(found)
        if section == "results":
            notices[section] += list_withdrawn_notices(clear)
            out["results"] = list_newest_results(
                line for s in clear for line in build_result_lines(s, whom, life)
            )
            continue
        if section in MERGED:
            facts = build_fact_lines(clear, MERGED[section], life)
            for name, senses in SECTION_LISTS[section].items():
                out[name] = [x for x in facts if x.sense in senses]
            continue
        lines = resource_display.mark_doubtful_dates(
            resource_display.sort_newest_first(
                [
                    replace(
                        resource_display.build_display_line(s),
                        href=line_url(person, section, s),
                    )
                    for s in clear
                ]
            ),
            life,
        )
        for name, senses in SECTION_LISTS[section].items():
            out[name] = [x for x in lines if x.sense in senses]
    cut = {
        name: max(most[t] for t in types if t in most)
        for name, types in SECTION_TYPES.items()
        if any(t in most and len(rows.get(t, [])) >= most[t] for t in types)
    }
    return {**out, "notices": notices, "cut": cut}


def take_composition(s: ShownResource) -> ShownResource | None:
    """A document Bundle reads as the Composition that it begins with, and is hidden where anything
    in it has to be; other Bundles are no documents.
    """
    found = find_composition(s.resource)
    if found is None:
        return None
    hidden = has_unknown_modifier(s.resource)
    return replace(s, resource={**found, "implicitRules": "*"} if hidden else found)


def line_url(person: UUID, section: str, s: ShownResource) -> str:
    """The page that opens a line of the section, "" where none does."""
    if section == "encounters":
        return encounter_url(person, s)
    return document_url(person, s) if section == "documents" else ""


def document_url(person: UUID, s: ShownResource) -> str:
    """The page that opens it."""
    type_name, fhir_id = s.url.rsplit("/", 2)[1:]
    return reverse("document", args=(person, s.hospital.code, type_name, fhir_id))


def list_hidden_notices(found: Iterable[ShownResource]) -> list[Notice]:
    """One sentence a hospital about entries that carry something this system does not
    understand.
    """
    return [
        Notice(w, loud=True)
        for w in warn_of_hidden_entries(
            s.hospital.name for s in found if has_unknown_modifier(s.resource)
        )
    ]


def list_withdrawn_notices(found: Iterable[ShownResource]) -> list[Notice]:
    """Results that were cancelled or entered in error: that there were some, never their values."""
    void = [s for s in found if judge_state(s.resource)[0] is Sense.VOID]
    lines = [resource_display.build_display_line(s) for s in void]
    if not lines:
        return []
    ordered = resource_display.sort_newest_first(lines)
    named = _("; ").join(
        " ".join(filter(None, (x.title, x.date, x.hospital.name, *map(mark_words, x.marks))))
        for x in ordered[:MAX_NAMED]
    )
    rest = _(" and %s more") % (len(ordered) - MAX_NAMED) if len(ordered) > MAX_NAMED else ""
    return [
        Notice(
            _("Withdrawn, not shown as results: %(named)s%(rest)s.")
            % {
                "named": named,
                "rest": rest,
            }
        )
    ]


def mark_words(mark: ReadingMark) -> str:
    return bracket_words(mark.text).strip()
