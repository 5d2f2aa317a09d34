"""Names: one folded form for comparing, and the keys under which people look for them (pinyin, initials). Pure."""

import unicodedata
from functools import lru_cache

import zhconv
from pypinyin import lazy_pinyin

LONGEST = 200
SEPARATORS = str.maketrans("", "", "·•・.,，'’`-")


def is_chinese(text: str) -> bool:
    return any("㐀" <= c <= "鿿" or "\U00020000" <= c <= "\U0003ffff" for c in text)


def fold(text: str) -> str:
    """Simplified, compatibility-folded, small letters, without separators; Chinese names without spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(SEPARATORS)
    if is_chinese(plain):
        return str(zhconv.convert("".join(plain.split()), "zh-cn"))
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def same(one: str, two: str) -> bool:
    """Equal after folding, words in any order. An empty name is nobody's."""
    a, b = fold(one), fold(two)
    return bool(a) and (a == b or sorted(a.split()) == sorted(b.split()))


@lru_cache(10_000)
def sounds(folded: str) -> tuple[str, ...]:
    """Syllables of a folded name in characters, without tones. A rare character whose sound is not known (most of GB 18030's extensions) stands for
    itself: left out, two names that differ in nothing else would sound the same."""
    return tuple(s for s in lazy_pinyin(folded, errors=lambda other: "".join(c for c in other if is_chinese(c))) if s)


def keys(name: str) -> dict[str, bool]:
    """{key: whether it is the whole name}."""
    folded = fold(name)[:LONGEST]
    if not folded:
        return {}
    if not is_chinese(folded):
        words = folded.split()
        whole = {folded: True, " ".join(reversed(words)): True, "".join(words): True}
        parts = {w: False for w in words} | {"".join(w[0] for w in words): False}
        return {k: v for k, v in (parts | whole).items() if k}
    syllables = sounds(folded)
    out = {folded: True}
    if syllables:
        entire = all(is_chinese(c) for c in folded)  # else the sounds are a part of it, and whoever types them does not know the name
        out["".join(syllables)] = entire
        out[" ".join(syllables)] = entire
        out["".join(s[0] for s in syllables)] = False
    return {k[:LONGEST]: v for k, v in out.items()}


def masked(name: str) -> str:
    """张*三, A*** D***: enough to ask the patient in front of you, not enough to learn a name."""
    if is_chinese(name):
        return name[0] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > 2 else "")
    return " ".join(w[0] + "***" for w in name.split())
