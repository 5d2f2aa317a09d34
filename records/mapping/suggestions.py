"""Which standard codes a local one may mean, each with the parts of its score: how alike the names
are, whether unit and kind of value agree, what other members have decided. Nothing is approved by
a score. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from records.mapping.code_names import core_name, fold_name, initials_of, pinyin_of, short_names
from records.mapping.contradictions import (
    FoundContradiction,
    find_contradictions,
    is_of_one_dimension,
)
from records.mapping.kinds import MappingKind
from records.mapping.standard_codes import StandardTarget, TargetIndex
from records.mapping.value_profile import ValueProfile
from records.meaning.written_units import ucum_from_text

SAME_NAME, SHORT_NAME, PINYIN, INITIALS = 60, 35, 30, 15
LIKE_NAME = 50  # of a name that is alike, times how alike
SAME_UNIT, SAME_DIMENSION, SAME_SCALE = 20, 12, 5
SAME_BRAND, SAME_SOFTWARE_CODE = 30, 10
CONTRADICTED = -60
CUTOFF = 70  # of rapidfuzz, from 0 to 100
CANDIDATES, SHOWN = 40, 5


@dataclass(frozen=True, slots=True)
class ScorePart:
    """reason: a word of REASON_WORDS (records/web/mapping_words.py); about: what agreed."""

    reason: str
    points: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    target: StandardTarget
    parts: tuple[ScorePart, ...]
    contradictions: tuple[FoundContradiction, ...] = ()

    @property
    def score(self) -> int:
        return max(0, sum(p.points for p in self.parts))


@dataclass(frozen=True, slots=True)
class OtherMembersMapping:
    """What members have approved for a code like this. same_brand: members whose source is the
    same product and has the same code.
    """

    system: str
    code: str
    members: int
    same_brand: int


def suggest_targets(
    kind: MappingKind,
    code: str,
    text: str,
    profile: ValueProfile,
    index: TargetIndex,
    others: Mapping[tuple[str, str], OtherMembersMapping],
) -> list[Suggestion]:
    """The best first, SHOWN at most. code, text: as sent."""
    positions = find_candidates(code, text, index)
    wanted = {index.targets[p].system + "|" + index.targets[p].code: p for p in positions}
    for key in others:
        target = index.by_code.get(key)
        if target is not None:
            wanted.setdefault(f"{target.system}|{target.code}", index.targets.index(target))
    found = [
        score_target(kind, code, text, profile, index.targets[p], others) for p in wanted.values()
    ]
    found = [s for s in found if s.score > 0]
    found.sort(key=lambda s: (bool(s.contradictions), -s.score, s.target.system, s.target.code))
    return found[:SHOWN]


def find_candidates(code: str, text: str, index: TargetIndex) -> list[int]:
    """Positions: of names, pinyin and initials that are the same, and of names that are alike."""
    found: dict[int, None] = {}
    words = {fold_name(text), core_name(text), pinyin_of(text), fold_name(code), *short_names(text)}
    for word in filter(None, words):
        found |= dict.fromkeys(index.by_word.get(word, ())[:CANDIDATES])
    if core := core_name(text):
        for _, _, at in process.extract(
            core, index.names, scorer=fuzz.ratio, limit=CANDIDATES, score_cutoff=CUTOFF
        ):
            found[index.owners[at]] = None
    return list(found)


def score_target(
    kind: MappingKind,
    code: str,
    text: str,
    profile: ValueProfile,
    target: StandardTarget,
    others: Mapping[tuple[str, str], OtherMembersMapping],
) -> Suggestion:
    parts = [*score_name(code, text, target), *score_values(profile, target)]
    if other := others.get((target.system, target.code)):
        if other.same_brand:
            parts.append(ScorePart("brand", SAME_BRAND, str(other.same_brand)))
        elif other.members:
            parts.append(ScorePart("members", SAME_SOFTWARE_CODE, str(other.members)))
    against = tuple(find_contradictions(kind, profile, target))
    parts += [ScorePart(f"against-{c.kind}", CONTRADICTED, c.standard) for c in against]
    return Suggestion(target, tuple(parts), against)


def score_name(code: str, text: str, target: StandardTarget) -> list[ScorePart]:
    parts: list[ScorePart] = []
    folded, core = fold_name(text), core_name(text)
    names = {n: (fold_name(n), core_name(n)) for n in target.names}
    if same := next(
        (n for n, (f, c) in names.items() if folded and (f == folded or c == core)), ""
    ):
        parts.append(ScorePart("name", SAME_NAME, same))
    elif core:
        best = process.extractOne(core, {n: c for n, (_, c) in names.items()}, scorer=fuzz.ratio)
        if best is not None and best[1] >= CUTOFF:
            parts.append(ScorePart("like", round(LIKE_NAME * best[1] / 100), str(best[2])))
    latin = {fold_name(code), *short_names(text)} - {""}
    if short := next((n for n, (f, _) in names.items() if f in latin), ""):
        parts.append(ScorePart("short", SHORT_NAME, short))
    if not parts and core:
        pinyin, initials = pinyin_of(text), initials_of(text)
        for name in target.names:
            if pinyin and pinyin_of(name) == pinyin:
                parts.append(ScorePart("pinyin", PINYIN, name))
                break
            if initials_of(name) and initials_of(name) in (initials, fold_name(code)):
                parts.append(ScorePart("initials", INITIALS, name))
                break
    return parts


def score_values(profile: ValueProfile, target: StandardTarget) -> list[ScorePart]:
    parts = []
    if target.unit and profile.unit:
        if ucum_from_text(profile.unit) == (ucum_from_text(target.unit) or target.unit):
            parts.append(ScorePart("unit", SAME_UNIT, profile.unit))
        elif is_of_one_dimension(profile.unit, target.unit):
            parts.append(ScorePart("dimension", SAME_DIMENSION, profile.unit))
    if target.scale == "quantitative" and profile.numbers > profile.texts:
        parts.append(ScorePart("scale", SAME_SCALE))
    if target.scale == "ordinal" and profile.texts > profile.numbers:
        parts.append(ScorePart("scale", SAME_SCALE))
    return parts
