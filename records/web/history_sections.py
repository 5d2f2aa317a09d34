"""The sections of a patient's history: which types and codes each is made of, and its lines with
what is not shown and why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.fhir.hashes import index_hash
from records.meaning.absence import fold_words
from records.meaning.lifetime import Lifetime
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_facts import DOSE_PATH, FACTS
from records.meaning.sense import ReadingMark, Sense, Words
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import ShownResource
from records.search.named_codes import token_condition
from records.search.search_terms import SearchCondition
from records.web.record_sections import Notice, list_hidden_notices
from records.web.resource_display import DisplayLine, build_display_line, mark_doubtful_dates
from records.web.result_display import ResultLine, build_result_lines


def observation_conditions(category: str, *codes: str) -> tuple[SearchCondition, ...]:
    """Observations of a category, or with one of these codes, whatever their system."""
    tokens = [index_hash("Observation", "code", "code", c) for c in codes]
    if category:
        tokens.append(index_hash("Observation", "category", "code", category))
    return (token_condition(tokens),)


# smoking, tobacco, alcohol, drugs, occupation, education, living, diet, exercise: of senders that
# say no category
SOCIAL_CONDITIONS = observation_conditions(
    "social-history",
    *("72166-2", "11367-0", "8663-7", "8664-5", "74010-0", "63773-6", "229819007", "365981007"),
    *("74013-4", "11331-6", "11287-0", "160573003", "228273003", "897148007"),
    *("11343-1", "74204-9", "11341-5", "11295-3", "82589-3", "63512-8", "68516-4", "89555-7"),
)
# whether pregnant, estimated day of delivery, first day of the last period, weeks, how often
PREGNANCY_CONDITIONS = observation_conditions(
    "",
    *("82810-3", "11778-8", "11779-6", "11780-4", "8665-2", "49051-6", "11884-4"),
    *("11996-6", "11977-6", "11640-0", "161732006", "161733001", "161713000"),
)
# section -> (its heading, the types that it is made of, which rows of them: all where ())
HISTORY_SECTIONS: dict[str, tuple[Words, tuple[str, ...], tuple[SearchCondition, ...]]] = {
    "care": (gettext_lazy("Who cares for the patient"), ("EpisodeOfCare", "CareTeam"), ()),
    "pregnancy": (gettext_lazy("Pregnancy"), ("Observation",), PREGNANCY_CONDITIONS),
    "procedures": (gettext_lazy("Procedures and operations"), ("Procedure",), ()),
    "devices": (
        gettext_lazy("Implants and devices"),
        ("DeviceUseStatement", "Device"),
        (),
    ),
    "immunizations": (gettext_lazy("Immunizations"), ("Immunization",), ()),
    "plans": (gettext_lazy("Care plans"), ("CarePlan",), ()),
    "goals": (gettext_lazy("Goals of care"), ("Goal",), ()),
    "orders": (gettext_lazy("Orders and referrals"), ("ServiceRequest",), ()),
    "family": (gettext_lazy("Family history"), ("FamilyMemberHistory",), ()),
    "social": (gettext_lazy("Social history"), ("Observation",), SOCIAL_CONDITIONS),
}
# list inside a section -> (its heading, which lines stand there); what is void stands nowhere
LISTS: tuple[tuple[Words, frozenset[Sense]], ...] = (
    (gettext_lazy("Must not be done"), frozenset({Sense.FORBIDDEN})),
    ("", frozenset({Sense.CURRENT, Sense.UNCERTAIN})),
    (gettext_lazy("Planned or proposed, not done"), frozenset({Sense.PROPOSED})),
    (gettext_lazy("Ended"), frozenset({Sense.PAST})),
    (gettext_lazy("Not done, or denied"), frozenset({Sense.NEGATIVE, Sense.UNASKED})),
)
DOSE = next(words for path, words in FACTS["Immunization"] if path == DOSE_PATH)
UNGIVEN = gettext_lazy("Not given")
UNILLNESS = gettext_lazy("No illness, or not known")


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines under one heading, "" for those that need none."""

    heading: str
    lines: tuple[DisplayLine, ...]


@dataclass(frozen=True, slots=True)
class HistorySection:
    """first, last: which of all its entries it shows, counted from the newest; onward: the address
    that goes on behind them, "" at the end.
    """

    name: str
    heading: str
    groups: tuple[LineGroup, ...]
    notices: tuple[Notice, ...]
    first: int
    last: int
    total: int
    onward: str = ""


def build_history_groups(
    name: str, rows: Sequence[ShownResource], whom: PatientTraits, life: Lifetime
) -> tuple[tuple[LineGroup, ...], tuple[Notice, ...]]:
    """The lines of a section, and what is said of those that are not shown."""
    clear = [s for s in rows if not has_unknown_modifier(s.resource)]
    lines = mark_doubtful_dates(list(build_lines(name, clear, whom)), life)
    void = [x for x in lines if x.sense is Sense.VOID]
    groups = []
    for heading, senses in LISTS:
        found = [x for x in lines if x.sense in senses]
        if not found:
            continue
        if name == "immunizations" and Sense.CURRENT in senses:
            groups += group_by_vaccine(found)
            continue
        if Sense.NEGATIVE in senses:
            heading = {"immunizations": UNGIVEN, "family": UNILLNESS}.get(name, heading)
        groups.append(LineGroup(str(heading), tuple(found)))
    return tuple(groups), (*list_hidden_notices(rows), *list_void_notices(len(void)))


def list_void_notices(number: int) -> list[Notice]:
    return (
        [
            Notice(
                ngettext(
                    "One entry was withdrawn by its hospital and is not shown.",
                    "%(n)s entries were withdrawn by their hospitals and are not shown.",
                    number,
                )
                % {"n": number}
            )
        ]
        if number
        else []
    )


def build_lines(
    name: str, rows: Sequence[ShownResource], whom: PatientTraits
) -> Iterable[DisplayLine]:
    """One line an entry, in the order of the rows."""
    devices = {
        (s.hospital.code, "/".join(s.url.split("/")[-2:])): s
        for s in rows
        if s.resource["resourceType"] == "Device"
    }
    used = {
        (s.hospital.code, str((s.resource.get("device") or {}).get("reference") or ""))
        for s in rows
        if s.resource["resourceType"] == "DeviceUseStatement"
    }
    for s in rows:
        line = build_display_line(s)
        line = replace(line, facts=tuple(f for f in line.facts if f != line.date))
        if HISTORY_SECTIONS[name][1] == ("Observation",):
            values = build_result_lines(s, whom)
            yield replace(line, facts=(*map(value_in_words, values), *line.facts))
        elif s.resource["resourceType"] == "Device":
            if (s.hospital.code, "/".join(s.url.split("/")[-2:])) not in used:
                yield replace(line, marks=(*line.marks, ReadingMark(_("use not stated"))))
        elif s.resource["resourceType"] == "DeviceUseStatement":
            yield join_device(line, s, devices)
        else:
            yield line


def value_in_words(r: ResultLine) -> str:
    return " ".join(filter(None, (r.value, r.unit, r.word)))


def join_device(
    line: DisplayLine, s: ShownResource, devices: Mapping[tuple[str, str], ShownResource]
) -> DisplayLine:
    """The use of a device with what is known of the device itself, where that stands on the page:
    a use of a device that was entered in error says so.
    """
    reference = str((s.resource.get("device") or {}).get("reference") or "")
    found = devices.get((s.hospital.code, reference))
    if found is None:
        return line
    own = build_display_line(found)
    named = (s.resource.get("device") or {}).get("display")
    return replace(
        line,
        title=str(named or own.title),
        marks=(*line.marks, *own.marks),
        facts=(*line.facts, *own.facts),
    )


def group_by_vaccine(lines: Sequence[DisplayLine]) -> list[LineGroup]:
    """One group a vaccine, by its code or its name, in the order of its newest dose; its doses in
    the order in which they were given.
    """
    found: dict[str, list[DisplayLine]] = {}
    names: dict[str, str] = {}
    for x in lines:
        name = fold_words(x.title)
        key = names.setdefault(name, name)
        if x.code:
            key = names.setdefault(f"code {x.code}", key)
            names[name] = key
        found.setdefault(key, []).append(x)
    return [
        LineGroup(
            of_one[0].title if len(of_one) > 1 else "",
            tuple(map(name_by_dose, reversed(of_one))) if len(of_one) > 1 else tuple(of_one),
        )
        for of_one in found.values()
    ]


def name_by_dose(line: DisplayLine) -> DisplayLine:
    """Under the name of its vaccine a dose is called by its number, where that is told."""
    before, _mark, behind = (str(DOSE) % "\0").partition("\0")
    dose = next((f for f in line.facts if f.startswith(before) and f.endswith(behind)), "")
    if not dose:
        return line
    return replace(line, title=dose, facts=tuple(f for f in line.facts if f != dose))
