"""The keys under which people look for a name: as written, as said (pinyin in each reading), as
initials, in the other order. Pure.

Keys of letters have no spaces: whoever types a name leaves them out, or puts them elsewhere. ü is u
in them, for it is typed as v, u, yu and ü.
"""

import re
from dataclasses import dataclass

from records.mpi.matching.rules.name_forms import DASHES, fold_name, is_chinese
from records.mpi.matching.rules.pinyin_reading import pinyin_readings, reading_table

MAX_KEY_LENGTH = 200
UMLAUT = re.compile(r"(?:(l)(?:u:|v|yu)|(n)(?:u:|v))")
UMLAUT_OR_YU = re.compile(r"nyu")  # 女 as passports spell it, or an n before 玉
HALVES = str.maketrans(dict.fromkeys(DASHES, " "))  # Anne-Marie, and Marie
TONE = re.compile(r"(?<=[a-z:])[0-5](?!\d)")


@dataclass(frozen=True, slots=True)
class NameQuery:
    """Keys under which somebody looks. beginnings: as typed, maybe not to the end; whole: of the
    full name, in other orders too.
    """

    beginnings: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


def name_search_keys(name: str) -> dict[str, bool]:
    """{key: whether it is the whole name}."""
    folded = fold_name(name)[:MAX_KEY_LENGTH]
    if not folded:
        return {}
    if is_chinese(folded):
        found = {folded: True} | spoken_name_keys(folded)
    else:
        words = folded.split()
        parts = {
            w: False for w in (*words, *fold_name(name.translate(HALVES))[:MAX_KEY_LENGTH].split())
        } | {"".join(w[0] for w in words): False}
        found = (
            parts
            | {folded: True}
            | {k: True for order in word_orders(words) for k in (order, plain_umlaut(order))}
        )
    return {k[:MAX_KEY_LENGTH]: whole for k, whole in found.items()}


def spoken_name_keys(folded: str) -> dict[str, bool]:
    """Keys of a name in characters, of each reading: its letters, its initials, and the family's
    syllables with the others' initials.
    """
    entire = all(
        is_chinese(c) for c in folded
    )  # else the sounds are a part of it, and whoever types them does not know the name
    spoken = [tuple(plain_umlaut(s) for s in reading) for reading in pinyin_readings(folded)]
    shortest = (0, 1, 2) if folded[:2] in reading_table()["compound"] else (0, 1)
    out = {
        "".join((*reading[:size], *(s[0] for s in reading[size:]))): False
        for reading in spoken
        for size in shortest
    }
    return out | {"".join(reading): entire for reading in spoken}


def word_orders(words: list[str]) -> list[str]:
    """A name as typed, wholly turned round, and with its last word first or its first word last;
    as one word each.
    """
    return list(
        dict.fromkeys(
            "".join(o) for o in (words, words[::-1], words[-1:] + words[:-1], words[1:] + words[:1])
        )
    )


def plain_umlaut(letters: str) -> str:
    """ü as u, however it is typed."""
    return UMLAUT.sub(r"\1\2u", letters)


def typed_variants(letters: str) -> list[str]:
    """What is typed, and what it may be a spelling of."""
    return list(
        dict.fromkeys(
            (letters, plain_umlaut(letters), UMLAUT_OR_YU.sub("nu", plain_umlaut(letters)))
        )
    )


def parse_name_query(text: str) -> NameQuery:
    folded = fold_name(text)[:MAX_KEY_LENGTH]
    if is_chinese(folded) or not folded:
        return NameQuery((folded,), (folded,)) if folded else NameQuery()
    ways = [folded.split()]
    if any(c.isdigit() for c in folded):
        ways.append([TONE.sub("", w) for w in ways[0]])
    as_typed = {s[:MAX_KEY_LENGTH]: None for words in ways for s in typed_variants("".join(words))}
    turned = {
        s[:MAX_KEY_LENGTH]: None
        for words in ways
        for order in word_orders(words)
        for s in typed_variants(order)
    }
    return NameQuery(tuple(as_typed), tuple(as_typed | turned))
