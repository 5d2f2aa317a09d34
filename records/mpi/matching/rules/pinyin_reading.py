"""How a name in Chinese characters may be said: the family's own reading, and each living
reading of the other characters. Pure.

TABLE readings.json: characters with several readings, the likeliest in a name first; ü is v, as
typed (现代汉语词典, 普通话异读词审音表; family names by use). Archaic readings are not in it:
nobody calls a 王 yu, and who looks for yu would be shown every 王. Other characters have pypinyin's
one reading.
"""

import json
from functools import cache, lru_cache
from pathlib import Path

from pypinyin import lazy_pinyin

from records.mpi.matching.rules.name_forms import is_chinese, name_syllables

MAX_READINGS = 16  # readings of one name
# characters; what is longer is a name without a family in front (Uyghur, Mongol, foreign) or a
# newborn's
MAX_FAMILY_FIRST = 4
Reading = tuple[str, ...]


@cache
def reading_table() -> dict[str, dict[str, Reading]]:
    """{"family", "other": {character: its readings}, "compound": {family name of two characters:
    their syllables}}.
    """
    kept = json.loads((Path(__file__).parent / "readings.json").read_text(encoding="utf-8"))
    return {
        kind: {
            who: tuple(said.replace("-", " ").split())
            for who, _, said in (row.partition(" ") for row in rows)
        }
        for kind, rows in kept.items()
    }


@lru_cache(20_000)
def pinyin_readings(folded: str) -> tuple[Reading, ...]:
    """The syllables of a folded name for each way of saying it, the likeliest first, at most
    MOST; () for a name without characters.

    Letters and digits in the name are left out. A character whose sound nobody knows stands for
    itself.
    """
    characters = "".join(c for c in folded if is_chinese(c))
    if not characters:
        return ()
    ways = cheapest_readings(
        [given_readings(c) for c in characters[1:]],
        [(cost, (said,)) for cost, said in enumerate(family_readings(characters))],
    )
    if pair := reading_table()["compound"].get(characters[:2]):
        ways = sorted(
            [
                *cheapest_readings([given_readings(c) for c in characters[2:]], [(0, pair)]),
                *((cost + 1, said) for cost, said in ways),
            ],
            key=lambda way: way[0],
        )
    found = list(dict.fromkeys(said for _, said in ways))[:MAX_READINGS]
    context = name_syllables(characters)  # pypinyin's, by the words that it knows
    return tuple(found if context in found else [*found[: MAX_READINGS - 1], context])


def family_readings(characters: str) -> Reading:
    """Readings of the first one: as a family name, then the ordinary one, which strangers to the
    name use.
    """
    first, size = characters[0], len(characters)
    own, ordinary = reading_table()["family"].get(first, ()), given_readings(first)
    said = (*own, usual_reading(first)) if own and size <= MAX_FAMILY_FIRST else (*ordinary, *own)
    return tuple(dict.fromkeys(said))


def given_readings(character: str) -> Reading:
    return reading_table()["other"].get(character) or (usual_reading(character),)


@lru_cache(20_000)
def usual_reading(character: str) -> str:
    return lazy_pinyin(character, errors=lambda other: other)[0]


def cheapest_readings(
    options: list[Reading], begun: list[tuple[int, Reading]]
) -> list[tuple[int, Reading]]:
    """The MOST cheapest ways to go on from `begun` (cost, syllables); each option costs its
    place in its list.
    """
    for choice in options:
        begun = sorted(
            (
                (cost + place, (*said, syllable))
                for cost, said in begun
                for place, syllable in enumerate(choice)
            ),
            key=lambda way: way[0],
        )[:MAX_READINGS]
    return begun
