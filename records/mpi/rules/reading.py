"""How a name in Chinese characters may be said: the family's own reading, and each living reading of the other characters. Pure.

TABLE readings.json: characters with several readings, the likeliest in a name first; ü is v, as typed (现代汉语词典, 普通话异读词审音表; family names by use).
Archaic readings are not in it: nobody calls a 王 yu, and who looks for yu would be shown every 王. Other characters have pypinyin's one reading.
"""

import json
from functools import cache, lru_cache
from pathlib import Path

from pypinyin import lazy_pinyin

from records.mpi.rules.name import is_chinese, sounds

MOST = 16  # readings of one name
LONG = 4  # characters; what is longer is a name without a family in front (Uyghur, Mongol, foreign) or a newborn's
Reading = tuple[str, ...]


@cache
def table() -> dict[str, dict[str, Reading]]:
    """{"family", "other": {character: its readings}, "compound": {family name of two characters: their syllables}}."""
    kept = json.loads((Path(__file__).parent / "readings.json").read_text(encoding="utf-8"))
    return {kind: {who: tuple(said.replace("-", " ").split()) for who, _, said in (row.partition(" ") for row in rows)} for kind, rows in kept.items()}


@lru_cache(20_000)
def readings(folded: str) -> tuple[Reading, ...]:
    """The syllables of a folded name for each way of saying it, the likeliest first, at most MOST; () for a name without characters.

    Letters and digits in the name are left out. A character whose sound nobody knows stands for itself."""
    characters = "".join(c for c in folded if is_chinese(c))
    if not characters:
        return ()
    ways = best([given(c) for c in characters[1:]], [(cost, (said,)) for cost, said in enumerate(family(characters))])
    if pair := table()["compound"].get(characters[:2]):
        ways = sorted([*best([given(c) for c in characters[2:]], [(0, pair)]), *((cost + 1, said) for cost, said in ways)], key=lambda way: way[0])
    found = list(dict.fromkeys(said for _, said in ways))[:MOST]
    context = sounds(characters)  # pypinyin's, by the words that it knows
    return tuple(found if context in found else [*found[: MOST - 1], context])


def family(characters: str) -> Reading:
    """Readings of the first one: as a family name, then the ordinary one, which strangers to the name use."""
    first, size = characters[0], len(characters)
    own, ordinary = table()["family"].get(first, ()), given(first)
    said = (*own, usual(first)) if own and size <= LONG else (*ordinary, *own)
    return tuple(dict.fromkeys(said))


def given(character: str) -> Reading:
    return table()["other"].get(character) or (usual(character),)


@lru_cache(20_000)
def usual(character: str) -> str:
    return lazy_pinyin(character, errors=lambda other: other)[0]


def best(options: list[Reading], begun: list[tuple[int, Reading]]) -> list[tuple[int, Reading]]:
    """The MOST cheapest ways to go on from `begun` (cost, syllables); each option costs its place in its list."""
    for choice in options:
        begun = sorted(((cost + place, (*said, syllable)) for cost, said in begun for place, syllable in enumerate(choice)), key=lambda way: way[0])[:MOST]
    return begun
