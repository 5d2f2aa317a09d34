"""Addresses by their parts: estate with building and room, road with number, village with group and number; and where they are vague. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

DOOR = re.compile(r"(\d+)(?:栋|幢|号楼|座|-)(?:(\d+)(?:单元|-))?(\d+)(?:室|房|号|户)?$")
ROAD = re.compile(r"([^省市县区镇乡\d]{1,8}?(?:路|街|大道|巷|胡同))(\d+)号")
STREET = re.compile(r"^.*(?:省|市|县|(?<![小社园校])区|镇|乡|街道|路|街|大道|巷|胡同|号)(?=.{2})")
VILLAGE = re.compile(r"([^省市县区镇乡道\d]{2,8}村)(?:(\d+)组)?(\d+)号?$")
WRITTEN = re.compile(r"([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)(?=组|栋|幢|号|座|单元|室|房|户)")
DIGITS = {c: i for i, c in enumerate("一二三四五六七八九", 1)}
VAGUE = re.compile(r"^(同上|本市|本地|不详|无|未知|暂无|省外|外地)$")


@dataclass(frozen=True, slots=True)
class Address:
    """home: the door; place: estate, road with number, village. Parts that are not there are empty; words: of one in letters; letters: the same as it was
    written, without spaces."""

    home: str = ""
    place: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    letters: str = ""


NOWHERE = Address()


@lru_cache(10_000)
def parse(text: str) -> Address:
    plain = re.sub(r"[\s,，。.;；]", " " if re.search("[A-Za-z]{3}", text) else "", unicodedata.normalize("NFKC", text)).strip().lower()
    if not plain or VAGUE.match(plain):
        return NOWHERE
    if re.search("[a-z]{3}", plain):
        words = frozenset(w for w in plain.split() if w)
        return Address(place=frozenset({" ".join(sorted(words))}), words=words, letters=plain.replace(" ", ""))
    plain = WRITTEN.sub(numeral, plain)
    home, place = "", set()
    if m := ROAD.search(plain):
        place.add(f"{m[1][-3:]}{m[2]}")
    if m := VILLAGE.search(plain):
        place.add(m[1][-4:])
        home = f"{m[1][-4:]}|{m[2] or ''}|{m[3]}"
    elif m := DOOR.search(plain):
        estate = STREET.sub("", plain[: m.start()])[-4:]
        if estate:
            place.add(estate)
            home = f"{estate}|{m[1]}|{m[3]}"
    return Address(home, frozenset(place))


def numeral(m: re.Match[str]) -> str:
    """Up to ninety-nine, as people write groups and houses: 四组, 十二号."""
    tens, ten, ones = m.groups()
    if not ten:
        return m[0] if tens and ones else str(DIGITS.get(tens or ones, ""))
    return str(10 * DIGITS.get(tens, 1) + DIGITS.get(ones, 0))


def level(a: Address, b: Address) -> str:
    if a.words and b.words:
        return of_words(a, b)
    if not a.place or not b.place:
        return ""
    if a.home and a.home == b.home:
        return "same"
    if shared := a.place & b.place:
        return "road" if any(p[-1].isdigit() for p in shared) else "estate"
    return "differ"


def of_words(a: Address, b: Address) -> str:
    """Addresses in letters: by their words, each as frequent as the other, or by their letters, however these are cut into words."""
    share = len(a.words & b.words) / min(len(a.words), len(b.words))
    alike = OSA.normalized_similarity(a.letters, b.letters)
    return "same" if share >= 0.8 or alike >= 0.9 else "road" if share >= 0.5 or alike >= 0.7 else "differ"
