"""Allergies as lines of the banner: the same one of several hospitals once, with its entries and
who says otherwise.
"""

from collections.abc import Sequence

from records.meaning.allergy import allergy_keys, merge_allergies
from records.meaning.resource_facts import DATED
from records.meaning.sense import ResourceReading, Sense
from records.meaning.times import moment_of_element
from records.meaning.value_text import drop_nulls
from records.operations.shared_record import ShownResource
from records.web.fact_lines import FactLine, describe_against
from records.web.resource_display import DisplayLine, build_display_line, sort_newest_first

Said = tuple[ShownResource, ResourceReading]
HELD = (Sense.CURRENT, Sense.UNCERTAIN)
OTHERWISE = (Sense.PAST, Sense.NEGATIVE)


def list_allergies(said: Sequence[Said]) -> tuple[FactLine, ...]:
    """Allergies that hold, the worst first."""
    held = [(str(place), s.resource, r) for place, (s, r) in enumerate(said) if r.sense in HELD]
    return tuple(
        build_allergy_line(reading, [said[int(place)] for place in places], said)
        for reading, places in merge_allergies(held)
    )


def build_allergy_line(
    reading: ResourceReading, members: Sequence[Said], said: Sequence[Said]
) -> FactLine:
    """reading: of all members together."""
    keys = set().union(*(allergy_keys(drop_nulls(s.resource)) for s, _r in members))
    against = [
        (s, r)
        for s, r in said
        if r.sense in OTHERWISE and keys & allergy_keys(drop_nulls(s.resource))
    ]
    titles = dict.fromkeys(r.title for _s, r in members)
    return FactLine(
        reading.title,
        reading.sense,
        tuple(build_display_line(s, r) for s, r in members),
        facts=reading.facts,
        marks=reading.marks,
        notes=reading.notes,
        against=tuple(
            dict.fromkeys(
                describe_against(
                    str(s.hospital),
                    r,
                    moment_of_element(s.resource, *DATED["AllergyIntolerance"]).day,
                )
                for s, r in against
            )
        ),
        names=tuple(t for t in titles if t != reading.title),
        hospitals=tuple(dict.fromkeys(str(s.hospital) for s, _r in members)),
    )


def list_denied_allergies(said: Sequence[Said]) -> tuple[DisplayLine, ...]:
    """What was asked and denied, or of which it is said that nobody asked."""
    return tuple(
        sort_newest_first(
            [build_display_line(s) for s, r in said if r.sense in (Sense.NEGATIVE, Sense.UNASKED)]
        )
    )
