"""The keys under which people look for a name: as written, as said (pinyin in each reading), as initials, in the other order. Pure.

Keys of letters have no spaces: whoever types a name leaves them out, or puts them elsewhere. ü is u in them, for it is typed as v, u, yu and ü.
"""

import re
from dataclasses import dataclass

from records.mpi.rules.name import DASHES, fold, is_chinese
from records.mpi.rules.reading import readings, table

LONGEST = 200
UMLAUT = re.compile(r"(?:(l)(?:u:|v|yu)|(n)(?:u:|v))")
UMLAUT_OR_YU = re.compile(r"nyu")  # 女 as passports spell it, or an n before 玉
HALVES = str.maketrans(dict.fromkeys(DASHES, " "))  # Anne-Marie, and Marie
TONE = re.compile(r"(?<=[a-z:])[0-5](?!\d)")


@dataclass(frozen=True, slots=True)
class Asked:
    """Keys under which somebody looks. beginnings: as typed, maybe not to the end; whole: of the full name, in other orders too."""

    beginnings: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


def keys(name: str) -> dict[str, bool]:
    """{key: whether it is the whole name}."""
    folded = fold(name)[:LONGEST]
    if not folded:
        return {}
    if is_chinese(folded):
        found = {folded: True} | said(folded)
    else:
        words = folded.split()
        parts = {w: False for w in (*words, *fold(name.translate(HALVES))[:LONGEST].split())} | {"".join(w[0] for w in words): False}
        found = parts | {folded: True} | {k: True for order in orders(words) for k in (order, plain(order))}
    return {k[:LONGEST]: whole for k, whole in found.items()}


def said(folded: str) -> dict[str, bool]:
    """Keys of a name in characters, of each reading: its letters, its initials, and the family's syllables with the others' initials."""
    entire = all(is_chinese(c) for c in folded)  # else the sounds are a part of it, and whoever types them does not know the name
    spoken = [tuple(plain(s) for s in reading) for reading in readings(folded)]
    shortest = (0, 1, 2) if folded[:2] in table()["compound"] else (0, 1)
    out = {"".join((*reading[:size], *(s[0] for s in reading[size:]))): False for reading in spoken for size in shortest}
    return out | {"".join(reading): entire for reading in spoken}


def orders(words: list[str]) -> list[str]:
    """A name as typed, wholly turned round, and with its last word first or its first word last; as one word each."""
    return list(dict.fromkeys("".join(o) for o in (words, words[::-1], words[-1:] + words[:-1], words[1:] + words[:1])))


def plain(letters: str) -> str:
    """ü as u, however it is typed."""
    return UMLAUT.sub(r"\1\2u", letters)


def spellings(letters: str) -> list[str]:
    """What is typed, and what it may be a spelling of."""
    return list(dict.fromkeys((letters, plain(letters), UMLAUT_OR_YU.sub("nu", plain(letters)))))


def asked(text: str) -> Asked:
    folded = fold(text)[:LONGEST]
    if is_chinese(folded) or not folded:
        return Asked((folded,), (folded,)) if folded else Asked()
    ways = [folded.split()]
    if any(c.isdigit() for c in folded):
        ways.append([TONE.sub("", w) for w in ways[0]])
    as_typed = {s[:LONGEST]: None for words in ways for s in spellings("".join(words))}
    turned = {s[:LONGEST]: None for words in ways for order in orders(words) for s in spellings(order)}
    return Asked(tuple(as_typed), tuple(as_typed | turned))
