"""Blocking: keys under which two registrations of one person meet; only those that share one are compared. Pure.

The store of the index keeps each key as a keyed hash (mpi/digest.py). A block that outgrows MOST is no way to find anybody: it is left out and
counted, so that nothing is widened or lost in silence.
"""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import combinations

from records.mpi.profile import Profile
from records.mpi.rules.reading import readings
from records.mpi.rules.spelling import Spelling

MOST = 200
WAYS = 4  # readings of one name
AT_ONCE = 50  # the same for one registration beside an index that is there: its answer is waited for


def keys(p: Profile) -> set[str]:
    """Each begins with the name of its way."""
    out: set[str] = set()
    born = p.birth.isoformat() if p.birth else ""
    s = p.spelling
    sounds = heard(s) if s.sounds and not s.base else ()
    for number in (p.number, p.borrowed):
        if number:
            out.add(f"number|{number}")
            out.add(f"digits|{number[6:17]}")
            out.add(f"tail|{number[-8:]}")
    out |= {f"paper|{x}" for x in p.papers}
    for sound in sounds:  # one digit mistyped leaves one half of it
        out |= {f"half+sound|{kind}|{half}|{sound}" for kind, _, x in (x.partition(":") for x in p.papers) for half in (x[: len(x) // 2], "-" + x[(len(x) + 1) // 2 :]) if len(x) > 5}
    if p.insurance:
        out.add(f"insurance|{p.insurance}")
    for sound in sounds:
        if born:
            out |= {f"sound+birth|{sound}|{born}", f"sound+year|{sound}|{born[:4]}", f"sound+day|{sound}|{born[5:]}"}
        elif p.stated:  # a date that tells nothing, but may stand beside the same name again
            out |= {f"sound+birth|{sound}|{p.stated.isoformat()}", f"sound+year|{sound}|{p.stated.year}"}
    if born:
        out |= {f"sound+birth|{''.join(sorted(''.join(f.sounds)))}|{born}" for f in p.former if f.sounds}
        for word in ([s.family] if s.family else s.words):
            out.add(f"family+birth|{word}|{born}")
    if p.phone:
        out |= {f"phone+sound|{p.phone}|{sound}" for sound in sounds or (() if born else ("",))}
        if born:
            out.add(f"phone+birth|{p.phone[-7:]}|{born}")
        if s.given and not s.base:
            out.add(f"phone+given|{p.phone[-7:]}|{s.given}")
    for place in (p.address.home, *([] if p.address.home else p.address.place)):
        if place:
            out |= {f"home+sound|{place}|{sound}" for sound in sounds}
        if place and born:
            out.add(f"home+birth|{place}|{born}")
    if born:
        out |= {f"parent+birth|{x}|{born}" for x in (*p.parents, *p.parent_numbers)}
    if not s.chinese and born and s.words:
        out.add(f"birth|{born}")
        out |= {f"word+year|{w}|{born[:4]}" for w in s.words}
    elif p.papers and born:
        out.add(f"birth|{born}")
    marks = sorted(p.address.words, key=lambda a: (not any(c.isdigit() for c in a), -len(a), a))[:3]  # a house number and the like, then the rarest
    out |= {f"word+place|{w}|{a}" for w in s.words if not s.chinese and len(w) > 2 for a in marks if len(a) > 2}
    out |= {f"places|{a}|{b}" for a, b in combinations(sorted(marks), 2)}
    return out


def heard(s: Spelling) -> tuple[str, ...]:
    """The letters of a name, however its words are cut and ordered, for each way of saying it; ü is u."""
    ways = (s.sounds, *readings(s.marked.core)[:WAYS]) if s.chinese else (s.sounds,)
    return tuple(dict.fromkeys("".join(sorted("".join(way).replace("v", "u"))) for way in ways))


def home(p: Profile) -> set[str]:
    """Under which those meet who live together; nobody is compared for that alone."""
    return {f"line|{p.phone}"} - {"line|"} | {f"door|{p.address.home}"} - {"door|"}


def candidates(profiles: Sequence[Profile]) -> tuple[dict[int, set[int]], list[tuple[str, int]]]:
    """{place: the later places that share a key with it}, in order; and the blocks that were left out: the way, and how many met there."""
    first: dict[int, int] = {}  # most keys are one registration's only: these cost no more than two numbers
    blocks: dict[int, list[int]] = {}
    large: dict[int, str] = {}
    for i, p in enumerate(profiles):
        for key in keys(p):
            short = int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
            if block := blocks.get(short):
                block.append(i)
                if len(block) > MOST:
                    large[short] = key.partition("|")[0]
            elif (other := first.setdefault(short, i)) != i:
                blocks[short] = [other, i]
    out: dict[int, set[int]] = defaultdict(set)
    for short, block in blocks.items():
        if short not in large:
            for place, i in enumerate(block[:-1]):
                out[i].update(block[place + 1 :])
    return dict(sorted(out.items())), sorted((way, len(blocks[short])) for short, way in large.items())
