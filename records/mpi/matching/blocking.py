"""Blocking: keys under which two registrations of one person meet; only those that share one are
compared. Pure.

The store of the index keeps each key as a keyed hash (mpi/digest.py). A block that outgrows MOST is
no way to find anybody: it is left out and counted, so that nothing is widened or lost in silence.
"""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import combinations

from records.mpi.matching.profile import Profile
from records.mpi.matching.rules.compared_name import ComparedName
from records.mpi.matching.rules.pinyin_reading import pinyin_readings

MAX_BLOCK_SIZE = 200
MAX_KEYED_READINGS = 4  # readings of one name
MAX_COMPARED_PER_BLOCK = (
    50  # the same for one registration beside an index that is there: its answer is waited for
)


def blocking_keys(profile: Profile) -> set[str]:
    """Each begins with the name of its way."""
    keys: set[str] = set()
    birth = profile.birth.isoformat() if profile.birth else ""
    spelling = profile.spelling
    sounds = name_sound_keys(spelling) if spelling.sounds and not spelling.base else ()
    for number in (profile.number, profile.borrowed):
        if number:
            keys.add(f"number|{number}")
            keys.add(f"digits|{number[6:17]}")
            keys.add(f"tail|{number[-8:]}")
    keys |= {f"paper|{x}" for x in profile.papers}
    for sound in sounds:  # one digit mistyped leaves one half of it
        keys |= {
            f"half+sound|{kind}|{half}|{sound}"
            for kind, _, x in (x.partition(":") for x in profile.papers)
            for half in (x[: len(x) // 2], "-" + x[(len(x) + 1) // 2 :])
            if len(x) > 5
        }
    if profile.insurance:
        keys.add(f"insurance|{profile.insurance}")
    for sound in sounds:
        if birth:
            keys |= {
                f"sound+birth|{sound}|{birth}",
                f"sound+year|{sound}|{birth[:4]}",
                f"sound+day|{sound}|{birth[5:]}",
            }
        elif profile.stated:  # a date that tells nothing, but may stand beside the same name again
            keys |= {
                f"sound+birth|{sound}|{profile.stated.isoformat()}",
                f"sound+year|{sound}|{profile.stated.year}",
            }
    if birth:
        keys |= {
            f"sound+birth|{''.join(sorted(''.join(f.sounds)))}|{birth}"
            for f in profile.former
            if f.sounds
        }
        for word in [spelling.family] if spelling.family else spelling.words:
            keys.add(f"family+birth|{word}|{birth}")
    if profile.phone:
        keys |= {
            f"phone+sound|{profile.phone}|{sound}" for sound in sounds or (() if birth else ("",))
        }
        if birth:
            keys.add(f"phone+birth|{profile.phone[-7:]}|{birth}")
        if spelling.given and not spelling.base:
            keys.add(f"phone+given|{profile.phone[-7:]}|{spelling.given}")
    for place in (profile.address.home, *([] if profile.address.home else profile.address.place)):
        if place:
            keys |= {f"home+sound|{place}|{sound}" for sound in sounds}
        if place and birth:
            keys.add(f"home+birth|{place}|{birth}")
    if birth:
        keys |= {f"parent+birth|{x}|{birth}" for x in (*profile.parents, *profile.parent_numbers)}
    if not spelling.chinese and birth and spelling.words:
        keys.add(f"birth|{birth}")
        keys |= {f"word+year|{w}|{birth[:4]}" for w in spelling.words}
    elif profile.papers and birth:
        keys.add(f"birth|{birth}")
    address_words = sorted(
        profile.address.words, key=lambda a: (not any(c.isdigit() for c in a), -len(a), a)
    )[:3]  # a house number and the like, then the rarest
    keys |= {
        f"word+place|{w}|{a}"
        for w in spelling.words
        if not spelling.chinese and len(w) > 2
        for a in address_words
        if len(a) > 2
    }
    keys |= {f"places|{a}|{b}" for a, b in combinations(sorted(address_words), 2)}
    return keys


def name_sound_keys(spelling: ComparedName) -> tuple[str, ...]:
    """The letters of a name, however its words are cut and ordered, for each way of saying it; ü
    is u.
    """
    readings = (
        (spelling.sounds, *pinyin_readings(spelling.marked.core)[:MAX_KEYED_READINGS])
        if spelling.chinese
        else (spelling.sounds,)
    )
    return tuple(
        dict.fromkeys("".join(sorted("".join(reading).replace("v", "u"))) for reading in readings)
    )


def household_keys(profile: Profile) -> set[str]:
    """Under which those meet who live together; nobody is compared for that alone."""
    return {f"line|{profile.phone}"} - {"line|"} | {f"door|{profile.address.home}"} - {"door|"}


def find_candidate_pairs(
    profiles: Sequence[Profile],
) -> tuple[dict[int, set[int]], list[tuple[str, int]]]:
    """{place: the later places that share a key with it}, in order; and the blocks that were
    left pairs: the way, and how many met there.
    """
    first_of_key: dict[
        int, int
    ] = {}  # most keys are one registration's only: these cost no more than two numbers
    blocks: dict[int, list[int]] = {}
    left_out: dict[int, str] = {}
    for i, p in enumerate(profiles):
        for key in blocking_keys(p):
            key_hash = int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
            if block := blocks.get(key_hash):
                block.append(i)
                if len(block) > MAX_BLOCK_SIZE:
                    left_out[key_hash] = key.partition("|")[0]
            elif (other := first_of_key.setdefault(key_hash, i)) != i:
                blocks[key_hash] = [other, i]
    pairs: dict[int, set[int]] = defaultdict(set)
    for key_hash, block in blocks.items():
        if key_hash not in left_out:
            for place, i in enumerate(block[:-1]):
                pairs[i].update(block[place + 1 :])
    return dict(sorted(pairs.items())), sorted(
        (way, len(blocks[key_hash])) for key_hash, way in left_out.items()
    )
