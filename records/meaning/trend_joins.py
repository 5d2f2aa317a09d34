"""Whether a line of a trend may lead from one result to the next, and the reason where not, by the
parts of a LOINC name: component and system, property, time, scale, method; and by status and
comparator (docs/implementation/trends.md).
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from records.meaning.components import is_within_allowable_error
from records.meaning.observation_results import Result
from records.meaning.result_family import component_of_identity, family_key, loinc_code
from records.meaning.result_units import Unit, convert_value
from records.meaning.sense import Words


class Gap(StrEnum):
    """Why two results are not joined."""

    PRELIMINARY = "preliminary"
    WITHDRAWN = "withdrawn"
    INEXACT = "inexact"
    WORDS = "words"
    TEST = "test"
    SPECIMEN = "specimen"
    SITE = "site"
    TIME = "time"
    METHOD = "method"
    METHOD_UNKNOWN = "method-unknown"
    UNIT = "unit"
    UNIT_MISSING = "unit-missing"
    UNIT_ODD = "unit-odd"
    UNIT_OF_MAKER = "unit-of-maker"


GAP_WORDS: dict[Gap, Words] = {
    Gap.PRELIMINARY: _("a preliminary result"),
    Gap.WITHDRAWN: _("a withdrawn result"),
    Gap.INEXACT: _("known only to be less or more"),
    Gap.WORDS: _("a result in words, without a number"),
    Gap.TEST: _("different test"),
    Gap.SPECIMEN: _("different specimen"),
    Gap.SITE: _("different site of the body"),
    Gap.TIME: _("taken under other conditions (fasting, after a meal, over 24 hours)"),
    Gap.METHOD: _("different methods"),
    Gap.METHOD_UNKNOWN: _(
        "two laboratories whose assays are not stated: values of this test differ from one assay"
        " to another"
    ),
    Gap.UNIT: _("units not convertible"),
    Gap.UNIT_MISSING: _("unit not stated"),
    Gap.UNIT_ODD: _("unit and its code contradict each other"),
    Gap.UNIT_OF_MAKER: _("units of the assay’s maker, two laboratories"),
}
LONG = dt.timedelta(days=400)  # thirteen months: a yearly check-up that comes late is none yet
FINAL = frozenset({"final", "amended", "corrected", "appended", "unknown", ""})
WITHDRAWN = frozenset({"cancelled", "entered-in-error"})
# tests whose numbers hang on the assay: equal codes do not make two laboratories comparable
OF_AN_ASSAY = re.compile(
    r"肌钙蛋白|troponin|\bc?tn[it]\b|利钠肽|\bbnp\b|natriuretic|降钙素原|procalcitonin|d-?二聚体|d-?dimer"
    r"|铁蛋白|ferritin|癌胚抗原|甲胎蛋白|糖类抗原|前列腺特异|\b(?:cea|afp|psa)\b|\bca\s?-?\d{2,3}|cyfra|鳞状"
    r"|甲状腺|促甲状|\btsh\b|\bf?t[34]\b|thyro|激素|hormone|皮质醇|cortisol|睾酮|雌二醇|孕酮|泌乳素|催乳素"
    r"|hcg|胰岛素|insulin|c肽|c-?peptide|维生素|vitamin|叶酸|folate|抗原|antigen|抗体|antibod|\big[gmae]\b"
    r"|核酸|病毒载量|\bd?[dr]na\b|viral load|肾小球滤过|\begfr\b|glomerular filtration"
    r"|凝血酶原时间|活化部分|凝血酶时间|\bpt\b|\baptt\b|prothrombin time|类风湿因子"
)
ASSAY_CODES = frozenset(  # of LOINC
    (
        *("10839-9", "42757-5", "49563-0", "89579-7", "6598-7", "48425-3", "67151-1"),  # troponins
        *("48065-7", "48066-5", "91556-1"),  # D-dimer as FEU and DDU
        *("33762-6", "42637-9", "30934-4", "2276-4"),  # natriuretic peptides, ferritin
        *("2039-6", "1834-1", "2857-1"),  # CEA, AFP, PSA
        *("3016-3", "11579-0", "3024-7", "3051-0"),  # thyroid
        *("42595-9", "29615-2", "11011-4", "20416-4", "20447-9", "70241-5"),  # viral loads
        *("33914-3", "48642-3", "62238-1", "98979-8"),  # eGFR by its equations
        *("5902-2", "14979-9"),  # clotting times in seconds
    )
)
UNIT_OF_MAKER = re.compile(r"arb|coi|s/co|\[iu\]|\biu|index", re.IGNORECASE)
CONDITIONS = (
    (re.compile(r"空腹|fasting|餐前"), "fasting"),
    (re.compile(r"餐后|post\s?prandial|after meal|负荷后|tolerance|耐量"), "loaded"),
    (re.compile(r"24\s?(?:小时|h(?:ours?|r)?\b)"), "24 h"),
)


@dataclass(frozen=True, slots=True)
class Join:
    """gap: None where a line leads from one to the next; flat: it tells no change, for the
    difference is within what two laboratories may differ by; long: nothing was measured for so
    long that the line tells no course.
    """

    gap: Gap | None = None
    flat: bool = False
    long: bool = False


def convert_result_value(value: float, result: Result, unit: Unit) -> float | None:
    """A number of the result in another unit: by units alone, else by its component's factor."""
    if result.unit.odd or unit.odd:
        return None
    found = convert_value(value, result.unit.code, unit.code)
    component = component_of_identity(result.identity)
    if found is None and component:
        found = component.convert(value, result.unit.code, unit.code)
    return found


def find_join(one: Result, two: Result, hospital_one: str, hospital_two: str) -> Join:
    """one, two: results that follow one another; hospitals: their codes. The reason that a reader
    has to know first comes first.
    """
    same_house = hospital_one == hospital_two
    gap = (
        status_gap(one, two)
        or (Gap.TEST if family_key(one.identity) != family_key(two.identity) else None)
        or specimen_gap(one, two)
        or (Gap.SITE if one.identity.site != two.identity.site else None)
        or (Gap.TIME if condition_of_title(one) != condition_of_title(two) else None)
        or method_gap(one, two, same_house)
        or unit_gap(one, two, same_house)
    )
    if gap or one.number is None or two.number is None:
        return Join(gap)
    here = convert_result_value(one.number, one, two.unit)
    return Join(
        None,
        not same_house
        and here is not None
        and is_within_allowable_error(loinc_code(two.identity), here, two.number),
        is_long_between(one, two),
    )


def is_long_between(one: Result, two: Result) -> bool:
    a, b = one.moment.starts, two.moment.starts
    return a is not None and b is not None and abs(b - a) > LONG


def status_gap(one: Result, two: Result) -> Gap | None:
    both = {one.status, two.status}
    if both & WITHDRAWN:
        return Gap.WITHDRAWN
    if one.number is None or two.number is None:
        return Gap.WORDS
    if one.value.comparator or two.value.comparator:
        return Gap.INEXACT
    return None if both <= FINAL else Gap.PRELIMINARY


def specimen_gap(one: Result, two: Result) -> Gap | None:
    """A code of LOINC names the specimen; beside it, one that is told and one that is not are
    alike.
    """
    a, b = one.identity.specimen, two.identity.specimen
    if a == b or (not (a and b) and loinc_code(one.identity) and loinc_code(two.identity)):
        return None
    return Gap.SPECIMEN


def condition_of_title(result: Result) -> str:
    title = unicodedata.normalize("NFKC", result.title).casefold()
    return next((name for words, name in CONDITIONS if words.search(title)), "")


def is_of_an_assay(result: Result) -> bool:
    title = unicodedata.normalize("NFKC", result.title).casefold()
    return loinc_code(result.identity) in ASSAY_CODES or bool(OF_AN_ASSAY.search(title))


def method_gap(one: Result, two: Result, same_house: bool) -> Gap | None:
    """Chemistry with a factor and traceable calibration may be of any method; what hangs on the
    assay needs one that is stated, or one laboratory; anything else what decision 28 says.
    """
    a, b = one.identity.method, two.identity.method
    if is_of_an_assay(one) or is_of_an_assay(two):
        if a and b:
            return None if a == b else Gap.METHOD
        return None if same_house and a == b else Gap.METHOD_UNKNOWN
    if a == b or component_of_identity(one.identity):
        return None
    return Gap.METHOD


def unit_gap(one: Result, two: Result, same_house: bool) -> Gap | None:
    if one.unit.odd or two.unit.odd:
        return Gap.UNIT_ODD
    if one.unit.code != two.unit.code and not (one.unit.code and two.unit.code):
        return Gap.UNIT_MISSING
    if one.number is None or convert_result_value(one.number, one, two.unit) is None:
        return Gap.UNIT
    of_maker = UNIT_OF_MAKER.search(two.unit.code) or UNIT_OF_MAKER.search(two.unit.sent)
    return Gap.UNIT_OF_MAKER if of_maker and not same_house else None
