"""Which ingredients a medicine has: by its name, where all of the name is understood, else by its
ATC or RxNorm code. A name of which one part is not known names no ingredient: 氯化钠 is not
potassium chloride, 复方丹参片 is not 丹参.
"""

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from records.meaning.absence import fold_words
from records.meaning.phrase import Json
from records.meaning.result_identity import NATIONAL
from records.meaning.value_text import LONGEST, concept_text

TABLES = Path(__file__).parent / "tables"
ATC = frozenset({"http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73"})
RXNORM = frozenset(
    {"http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88"}
)
# Not into the body as a whole: on the skin, into eye, ear and nose, by inhaling, to keep a
# catheter open
LOCAL_WORDS = (
    "凝胶|乳膏|软膏|乳胶|贴膏|巴布膏|搽剂|洗剂|滴眼|眼膏|眼用|滴耳|滴鼻|鼻喷|鼻用|漱口|外用|外敷|涂抹|吸入|雾化|气雾|喷雾|"
    "阴道|封管|冲管|topical|gel|cream|ointment|ophthalmic|otic|nasal|inhalation|inhalant|inhaler|"
    "vaginal|lock|flush|metered|for inhalation"
)
LOCAL = re.compile(rf"(?<![a-z])(?:{LOCAL_WORDS})(?![a-z])")
LOCAL_ROUTES = frozenset(  # SNOMED CT: topical, ophthalmic, nasal, respiratory, otic, vaginal route
    {"6064005", "54485002", "46713006", "447694001", "10547007", "16857009"}
)
SALTS = (
    "盐酸|硫酸氢|硫酸|苯磺酸|甲磺酸|马来酸|富马酸|酒石酸|琥珀酸|枸橼酸|磷酸|乙酸|叔丁胺|精氨酸|氨丁三醇|二乙胺|二钠|钠|钾|钙|镁|锌|水合物|半水合物|重组|"
    "sodium|potassium|calcium|magnesium|hydrochloride|hcl|maleate|fumarate|hemifumarate|tartrate|"
    "bitartrate|succinate|besylate|besilate|mesylate|sulfate|bisulfate|etexilate|erbumine|citrate|"
    "arginine|phosphate|acetate|dihydrate|trihydrate|monohydrate|anhydrous|recombinant|diethylamine|porcine"
)
FORMS = (
    "注射用|注射液|注射剂|粉针剂|粉针|针剂|针|预充式|预灌封|片剂|片|胶囊剂|胶囊|软胶囊|肠溶|缓释|控释|分散|薄膜衣|泡腾|咀嚼|口腔崩解|口崩|口服|滴丸|"
    "颗粒剂|颗粒|干混悬剂|混悬液|混悬滴剂|混悬|滴剂|溶液|液|糖浆|栓剂|栓|贴剂|贴片|剂|微球|微丸|型|国产|进口|集采|"
    "oral|tablets?|capsules?|caplets?|extended|delayed|sustained|immediate|modified|release|enteric|"
    "coated|film|film-coated|chewable|disintegrating|effervescent|injection|injectable|solution|"
    "suspension|syrup|prefilled|syringe|pen|cartridge|vial|hr|actuat|dose|powder|for|rectal|"
    "suppository|transdermal|patch|er|xr|sr|ec|dr|hour|intravenous|subcutaneous|system|low|"
    rf"{LOCAL_WORDS}"
)
STRENGTH = (
    r"\d[\d.,]*+\s?万?(?:mg|mcg|ug|μg|ng|g|kg|ml|l|iu|u|unt|units?|mmol|meq|单位|毫克|微克|克|毫升|%|hr|"
    r"actuat|片|粒|支|袋|瓶|盒|贴|丸)?(?:/(?:mg|ml|l|g|hr|actuat|片|粒|支|h)(?![a-z]))?(?![a-z])"
)
MARKS = re.compile(r"[\s,;:+/*×·.、®-]+")
BARE_NUMBER = re.compile(r"[\d.,]+")
# Of a name that is not understood: a number without a unit (白介素-11, 诺和灵30R) and one that
# ends a word (维生素B12) belong to it, a number of pieces does not
STATED_STRENGTH = re.compile(rf"(?<![a-z\d.,-]){STRENGTH}")


@dataclass(frozen=True, slots=True)
class Ingredient:
    """atc: its codes, of which some are only the beginning."""

    name: str
    atc: tuple[str, ...]

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(c for code in self.atc for c in classes_of_atc(code))


@dataclass(frozen=True, slots=True)
class Drug:
    """What makes two medicines the same one. key: equal for these; local: it stays where it is
    put, so that it acts on the body as a whole hardly; classes: of its ingredients.
    """

    key: str
    ingredients: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    local: bool = False


def read_table(name: str) -> list[list[str]]:
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return list(csv.reader(x for x in lines if x and not x.startswith("#")))


@lru_cache(maxsize=1)
def load_ingredients() -> tuple[Ingredient, ...]:
    return tuple(Ingredient(name, tuple(atc.split())) for name, atc, *_ in names_table())


@lru_cache(maxsize=1)
def names_table() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row) for row in read_table("ingredients.csv"))


@lru_cache(maxsize=1)
def names_of_ingredients() -> dict[str, Ingredient]:
    """{folded name or brand: its ingredient}."""
    return {
        fold_words(word): ingredient
        for ingredient, (_name, _atc, chinese, english, _rxnorm) in zip(
            load_ingredients(), names_table(), strict=True
        )
        for word in (*chinese.split("|"), *english.split("|"))
        if word
    }


@lru_cache(maxsize=1)
def codes_of_ingredients() -> dict[tuple[str, str], Ingredient]:
    """{("atc" or "rxnorm", code): its ingredient}."""
    out: dict[tuple[str, str], Ingredient] = {}
    for ingredient, row in zip(load_ingredients(), names_table(), strict=True):
        out |= {("atc", code): ingredient for code in ingredient.atc}
        if row[4]:
            out["rxnorm", row[4]] = ingredient
    return out


@lru_cache(maxsize=500)
def classes_of_atc(code: str) -> frozenset[str]:
    return frozenset(
        name
        for name, beginnings in read_class_table()
        if any(code.startswith(b) for b in beginnings)
    )


@lru_cache(maxsize=1)
def read_class_table() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(b.split())) for name, b in read_table("classes.csv"))


@lru_cache(maxsize=1)
def name_part() -> re.Pattern[str]:
    """One part of a name: an ingredient, or a salt, form or strength."""
    known = "|".join(re.escape(n) for n in sorted(names_of_ingredients(), key=len, reverse=True))
    other = "|".join(sorted(f"{SALTS}|{FORMS}".split("|"), key=len, reverse=True))
    return re.compile(
        rf"(?P<known>{known})(?![a-z])|(?P<strength>{STRENGTH})|(?:{other})(?![a-z])|{MARKS.pattern}"
    )


@lru_cache(maxsize=5000)
def ingredients_in_name(words: str) -> frozenset[Ingredient]:
    """Empty where any part of the name is not known. What stands in brackets counts where it
    names an ingredient itself: 拜阿司匹灵（阿司匹林肠溶片）.
    """
    if not words or len(words) > LONGEST:
        return frozenset()
    folded = re.sub(r"[\[【〔{<《]", "(", re.sub(r"[\]】〕}>》]", ")", fold_words(words)))
    inside = re.findall(r"\(([^()]*)\)", folded)
    outside = re.sub(r"\([^()]*\)", " ", folded).strip()
    found = [scan_name(part) for part in (outside, *inside)]
    return found[0] or frozenset().union(*found)


def scan_name(folded: str) -> frozenset[Ingredient]:
    out, at = set(), 0
    while at < len(folded):
        part = name_part().match(folded, at)
        if part is None or part.end() == at:
            return frozenset()
        if part["known"]:
            out.add(names_of_ingredients()[part["known"]])
        if is_mixture(part, out):
            return frozenset()
        at = part.end()
    return frozenset(out)


def is_mixture(part: re.Match[str], found: set[Ingredient]) -> bool:
    """Whether a bare number says how much of an insulin is slow: 门冬胰岛素30 is another medicine
    than 门冬胰岛素. A number of pieces stands behind a mark.
    """
    return (
        any(atc.startswith("A10A") for i in found for atc in i.atc)
        and bool(BARE_NUMBER.fullmatch(part["strength"] or ""))
        and not part.string[: part.start()].endswith(("*", "×", ":"))
    )


def list_drug_concepts(r: Json) -> list[Json]:
    """The concepts that name a medicine: its own, its product's, and those of the ingredients."""
    target = str((r.get("medicationReference") or {}).get("reference") or "").removeprefix("#")
    product: Json = next(
        (c for c in r.get("contained") or [] if target and c.get("id") == target), {}
    )
    own = r.get("medicationCodeableConcept") or product.get("code")
    link = (r.get("medicationReference") or {}).get("display")
    if own or link:
        return [own or {"text": link}]
    return [
        i["itemCodeableConcept"]
        for i in product.get("ingredient") or []
        if i.get("itemCodeableConcept")
    ]


def ingredients_of_concept(concept: Json) -> frozenset[Ingredient]:
    """By its text, else by a display, else by a code."""
    codings = [c for c in concept.get("coding") or [] if isinstance(c, dict)]
    for words in (concept.get("text"), *(c.get("display") for c in codings)):
        if words and (found := ingredients_in_name(str(words))):
            return found
    for c in codings:
        kind = code_kind(c)
        if found_by_code := codes_of_ingredients().get((kind, str(c.get("code") or "").upper())):
            return frozenset({found_by_code})
    return frozenset()


def code_kind(coding: Json) -> str:
    system = str(coding.get("system") or "")
    return "atc" if system in ATC else "rxnorm" if system in RXNORM else ""


def identify_drug(r: Json, own: str) -> Drug:
    """Of a MedicationRequest or MedicationStatement; own: names the entry, for one without a name
    is like no other.
    """
    concepts = list_drug_concepts(r)
    found = frozenset().union(*(ingredients_of_concept(c) for c in concepts))
    codings = [c for x in concepts for c in x.get("coding") or [] if isinstance(c, dict)]
    atc = [str(c.get("code") or "").upper() for c in codings if code_kind(c) == "atc"]
    name = fold_words(" ".join(concept_text(c) for c in concepts)[: LONGEST + 1])
    local = bool(LOCAL.search(name)) or is_local_route(r)
    classes = frozenset().union(*(i.classes for i in found), *map(classes_of_atc, atc))
    names = frozenset(i.name for i in found)
    key = (
        "+".join(sorted(names))
        or next((f"atc {c}" for c in sorted(atc) if len(c) == 7), "")
        or next(
            (
                f"{c['system']}|{c.get('code')}"
                for c in codings
                if str(c.get("system") or "").startswith(NATIONAL)
            ),
            "",
        )
        or fold_product(name)
        or own
    )
    return Drug(f"{key} (local)" if local else key, names, classes, local)


def fold_product(name: str) -> str:
    """A name that is not understood, without strengths, blanks and marks: another form may be
    another medicine, and so may another number without a unit.
    """
    bare = STATED_STRENGTH.sub(leave_strength_out, name) if len(name) <= LONGEST else name
    return "".join(c for c in bare if c.isalnum()) or name


def leave_strength_out(found: re.Match[str]) -> str:
    pieces = found.string[: found.start()].endswith(("*", "×"))
    return found[0] if BARE_NUMBER.fullmatch(found[0]) and not pieces else ""


def is_local_route(r: Json) -> bool:
    doses: list[Any] = r.get("dosageInstruction") or r.get("dosage") or []
    for d in doses:
        route = d.get("route") or {}
        codes = {str(c.get("code")) for c in route.get("coding") or []}
        words = fold_words(f"{concept_text(route)} {str(d.get('text') or '')[:LONGEST]}")
        if codes & LOCAL_ROUTES or LOCAL.search(words):
            return True
    return False
