"""Names of codes made comparable: marks of mutual recognition, stars, brackets, width, traditional
characters and case do not tell two names apart. Pure.
"""

import re
import unicodedata
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from records.chinese.simplify import simplify_chinese
from records.meaning.recognition_mark import split_recognition_marks

STARS = re.compile(r"[★☆*△▲●◆■#＊]")
ASIDE = re.compile(r"[（(\[【〔{][^（(\[【〔{）)\]】〕}]*[）)\]】〕}]")
SIGNS = re.compile(r"[^\w+\-/%一-鿿γαβ]")
FILLERS = re.compile(r"(?:测定|检测|检查|定量|浓度|含量)$")
HAN = re.compile(r"[一-鿿]")
LATIN = re.compile(r"[a-z][a-z0-9+\-/]*")


@lru_cache(maxsize=50_000)
def fold_name(name: str) -> str:
    """What two names are compared by; never shown."""
    bare = split_recognition_marks(name[:300])[0]
    bare = STARS.sub("", simplify_chinese(unicodedata.normalize("NFKC", bare)))
    return SIGNS.sub("", re.sub(r"[()\[\]【】〔〕{}]", " ", bare)).casefold()


@lru_cache(maxsize=50_000)
def core_name(name: str) -> str:
    """The folded name without what stands in brackets and without a word that says nothing."""
    bare = split_recognition_marks(name[:300])[0]
    bare = ASIDE.sub("", STARS.sub("", simplify_chinese(unicodedata.normalize("NFKC", bare))))
    folded = SIGNS.sub("", bare).casefold()
    return FILLERS.sub("", folded) or folded or fold_name(name)


@lru_cache(maxsize=50_000)
def short_names(name: str) -> frozenset[str]:
    """Words of Latin letters in it: "肌酐(CREA)" has crea."""
    text = unicodedata.normalize("NFKC", name[:300]).casefold()
    return frozenset(w for w in LATIN.findall(text) if len(w) > 1)


@lru_cache(maxsize=50_000)
def pinyin_of(name: str) -> str:
    core = core_name(name)
    return "".join(lazy_pinyin(core)) if HAN.search(core) else ""


@lru_cache(maxsize=50_000)
def initials_of(name: str) -> str:
    """ "xhdb" of 血红蛋白: what many systems have as a code."""
    core = core_name(name)
    return (
        "".join(lazy_pinyin(core, style=Style.FIRST_LETTER)).casefold() if HAN.search(core) else ""
    )
