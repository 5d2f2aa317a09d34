"""Names: one folded form for comparing, how it sounds, and what may be shown of it to strangers.
Pure.
"""

import unicodedata
from functools import cache, lru_cache

from pypinyin import lazy_pinyin

from records.chinese.simplify import load_character_table
from records.mpi.matching.rules.glyph_variants import unify_glyphs
from records.mpi.matching.rules.invisible_characters import strip_invisible

# The dot between the parts of a foreign name has a dozen code points, and keyboards have none of
# them: full stops, commas and lines stand in for it.
APART = "·•・･‧․⋅∙●◦⦁⸱⸳⸰ꞏ᛫ᐧ˙。｡，,、､﹐﹑﹒_＿‿^"
DASHES = "-‐‑‒–—―⁃−﹘﹣－"
TOGETHER = ".．'＇’‘‛`´ʼʻʽʾʿˈ′‵″“”\"＂" + DASHES
SEPARATORS = str.maketrans(dict.fromkeys(APART, " ") | dict.fromkeys(TOGETHER))


# What simplifying would make another family's or another sound: 甯 is not 宁, 於 not 于, and nobody
# is called 干 (gan) for 乾 (qian).
UNSIMPLIFIED = "甯於乾"


def is_chinese(text: str) -> bool:
    return any("㐀" <= c <= "鿿" or "\U00020000" <= c <= "\U0003ffff" for c in text)


def fold_name(text: str) -> str:
    """Simplified, compatibility-folded, small letters, without separators and what nobody sees;
    Chinese names without spaces.
    """
    plain = unicodedata.normalize(
        "NFKC", unify_glyphs(strip_invisible(text)).translate(SEPARATORS)
    ).translate(SEPARATORS)
    if is_chinese(plain):
        return unify_glyphs("".join(plain.split())).translate(name_simplifications()).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


@cache
def name_simplifications() -> dict[int, str]:
    """Characters as names are simplified; words stay as they are: 程式 is no 程序 in a name."""
    return {
        traditional: form
        for traditional, form in load_character_table().items()
        if chr(traditional) not in UNSIMPLIFIED
    }


def is_same_name(one: str, two: str) -> bool:
    """Equal after folding, words in any order. An empty name is nobody's."""
    a, b = fold_name(one), fold_name(two)
    return bool(a) and (a == b or sorted(a.split()) == sorted(b.split()))


@lru_cache(10_000)
def name_syllables(folded: str) -> tuple[str, ...]:
    """Syllables of a folded name in characters, without tones. A rare character whose sound is
    not known (most of GB 18030's extensions) stands for itself: left out, two names that differ in
    nothing else would sound the same.
    """
    return tuple(
        s
        for s in lazy_pinyin(
            folded, errors=lambda other: "".join(c for c in other if is_chinese(c))
        )
        if s
    )


def mask_name(name: str) -> str:
    """张*三, A*** D***: enough to ask the patient in front of you, not enough to learn a name."""
    if is_chinese(name):
        return name[0] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > 2 else "")
    return " ".join(w[0] + "***" for w in name.split())
