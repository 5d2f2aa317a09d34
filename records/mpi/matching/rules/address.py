"""Addresses by their parts: estate with building and room, road with number, village with group
and number; and where they are vague. Pure.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

DOOR = re.compile(r"(\d+)(?:栋|幢|号楼|座|-)(?:(\d+)(?:单元|-))?(\d+)(?:室|房|号|户)?$")
ROAD = re.compile(r"([^省市县区镇乡\d]{1,8}?(?:路|街|大道|巷|胡同))(\d+)号")
STREET = re.compile(r"^.*(?:省|市|县|(?<![小社园校])区|镇|乡|街道|路|街|大道|巷|胡同|号)(?=.{2})")
VILLAGE = re.compile(r"([^省市县区镇乡道\d]{2,8}村)(?:(\d+)组)?(\d+)号?$")
WRITTEN_NUMERAL = re.compile(
    r"([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)(?=组|栋|幢|号|座|单元|室|房|户)"
)
DIGITS = {c: i for i, c in enumerate("一二三四五六七八九", 1)}
STREET_NUMBER = re.compile(r"(\d+)(?:st|nd|rd|th)$")  # 5th Avenue: a street's name
POSTAL_DIGITS = 6  # digits of a Chinese postal code: no house has so many
VAGUE = re.compile(r"^(同上|本市|本地|不详|无|未知|暂无|省外|外地)$")


@dataclass(frozen=True, slots=True)
class Address:
    """home: the door; place: estate, road with number, village. Parts that are not there are
    empty; words: of one in letters; letters: the same as it was written, without spaces; house: the
    numbers of its door (of house, building, unit, room) as far as they are named, beside the
    road's.
    """

    home: str = ""
    place: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    letters: str = ""
    house: tuple[str, ...] = ()


NO_ADDRESS = Address()


@lru_cache(10_000)
def parse_address(text: str) -> Address:
    plain = (
        re.sub(
            r"[\s,，。.;；]",
            " " if re.search("[A-Za-z]{3}", text) else "",
            unicodedata.normalize("NFKC", text),
        )
        .strip()
        .lower()
    )
    if not plain or VAGUE.match(plain):
        return NO_ADDRESS
    if re.search("[a-z]{3}", plain):
        ordered = plain.split()
        words = frozenset(ordered)
        postal = ordered[-1:] if ordered[-1].isdecimal() and len(ordered[-1]) > 3 else []
        numbers = tuple(
            sorted(
                w.strip("#()")
                for w in ordered
                if any(c.isdecimal() for c in w)
                and w not in postal
                and not (w.isdecimal() and len(w) >= POSTAL_DIGITS)
                and not STREET_NUMBER.match(w)
            )
        )
        return Address(
            place=frozenset({" ".join(sorted(words))}),
            words=words,
            letters=plain.replace(" ", ""),
            house=numbers,
        )
    plain = WRITTEN_NUMERAL.sub(arabic_numeral, plain)
    home, place, road = "", set(), ""
    house: tuple[str, ...] = ()
    if m := ROAD.search(plain):
        road = f"{m[1][-3:]}{m[2]}"
        place.add(road)
        house = tuple(re.findall(r"\d+", plain[m.end() :]))
    if m := VILLAGE.search(plain):
        place.add(m[1][-4:])
        home = f"{m[1][-4:]}|{m[2] or ''}|{m[3]}"
        house = tuple(filter(None, m.groups()[1:]))
    elif m := DOOR.search(plain):
        estate = STREET.sub("", plain[: m.start()])[-4:]
        house = tuple(filter(None, m.groups()))
        if estate.removesuffix(
            "号"
        ).isdecimal():  # 芙蓉路12号3栋201室: the road's number, and every road has one
            estate = road
        if estate:
            place.add(estate)
            home = f"{estate}|{m[1]}|{m[3]}"
    return Address(home, frozenset(place), house=house)


def arabic_numeral(m: re.Match[str]) -> str:
    """Up to ninety-nine, as people write groups and houses: 四组, 十二号."""
    tens, ten, ones = m.groups()
    if not ten:
        return m[0] if tens and ones else str(DIGITS.get(tens or ones, ""))
    return str(10 * DIGITS.get(tens, 1) + DIGITS.get(ones, 0))


def address_level(a: Address, b: Address) -> str:
    if a.words and b.words:
        return letter_address_level(a, b)
    if not a.place or not b.place:
        return ""
    if a.home and a.home == b.home:
        return "neighbour" if is_other_door(a, b) else "same"
    if shared := a.place & b.place:
        return (
            "estate"
            if not any(p[-1].isdigit() for p in shared)
            else "neighbour"
            if is_other_door(a, b)
            else "road"
        )
    return "differ"


def is_other_door(a: Address, b: Address) -> bool:
    """Whether both name a door, and not the same: numbers that one of the two leaves out
    (13栋3002室, 13栋2单元3002室) are no difference.
    """
    short, long = sorted((a.house, b.house), key=len)
    rest = iter(long)
    return bool(short) and not all(n in rest for n in short)


def letter_address_level(a: Address, b: Address) -> str:
    """Addresses in letters: by their words, each as frequent as the other, or by their letters,
    however these are cut into words; no more than the place where no house is named, or another.
    """
    share = len(a.words & b.words) / min(len(a.words), len(b.words))
    alike = OSA.normalized_similarity(a.letters, b.letters)
    found = (
        "same"
        if share >= 0.8 or alike >= 0.9
        else "road"
        if share >= 0.5 or alike >= 0.7
        else "differ"
    )
    if found == "differ":
        return found
    if not a.house or not b.house:
        return "place" if found == "same" else "estate"
    return "neighbour" if is_other_door(a, b) else found
