"""The whole of a FHIR Dosage in words: how much, how often, when needed, at most, which way, how
fast, how long, in which steps (FHIR R4 dosage.html, datatypes.html#Timing).
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.platform.brackets import bracket_words
from records.meaning.phrase import (
    Json,
    join_distinct,
    list_words,
    say_amount,
    say_range,
    say_ratio,
    say_value,
)
from records.meaning.times import say_period, shown_time
from records.meaning.value_text import LONGEST, concept_text, format_decimal

DAYS = {
    "mon": gettext_lazy("Monday"),
    "tue": gettext_lazy("Tuesday"),
    "wed": gettext_lazy("Wednesday"),
    "thu": gettext_lazy("Thursday"),
    "fri": gettext_lazy("Friday"),
    "sat": gettext_lazy("Saturday"),
    "sun": gettext_lazy("Sunday"),
}
# http://hl7.org/fhir/event-timing and v3-TimingEvent
EVENTS = {
    "MORN": gettext_lazy("in the morning"),
    "MORN.early": gettext_lazy("early in the morning"),
    "MORN.late": gettext_lazy("late in the morning"),
    "NOON": gettext_lazy("at noon"),
    "AFT": gettext_lazy("in the afternoon"),
    "AFT.early": gettext_lazy("early in the afternoon"),
    "AFT.late": gettext_lazy("late in the afternoon"),
    "EVE": gettext_lazy("in the evening"),
    "EVE.early": gettext_lazy("early in the evening"),
    "EVE.late": gettext_lazy("late in the evening"),
    "NIGHT": gettext_lazy("at night"),
    "PHS": gettext_lazy("after falling asleep"),
    "HS": gettext_lazy("before sleep"),
    "WAKE": gettext_lazy("on waking"),
    "C": gettext_lazy("with meals"),
    "CM": gettext_lazy("with breakfast"),
    "CD": gettext_lazy("with lunch"),
    "CV": gettext_lazy("with supper"),
    "AC": gettext_lazy("before meals"),
    "ACM": gettext_lazy("before breakfast"),
    "ACD": gettext_lazy("before lunch"),
    "ACV": gettext_lazy("before supper"),
    "PC": gettext_lazy("after meals"),
    "PCM": gettext_lazy("after breakfast"),
    "PCD": gettext_lazy("after lunch"),
    "PCV": gettext_lazy("after supper"),
}
# http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation
CODES = {
    "BID": gettext_lazy("twice a day"),
    "TID": gettext_lazy("three times a day"),
    "QID": gettext_lazy("four times a day"),
    "AM": gettext_lazy("every morning"),
    "PM": gettext_lazy("every afternoon"),
    "QD": gettext_lazy("once a day"),
    "QOD": gettext_lazy("every other day"),
    "Q1H": gettext_lazy("every hour"),
    "Q2H": gettext_lazy("every 2 hours"),
    "Q3H": gettext_lazy("every 3 hours"),
    "Q4H": gettext_lazy("every 4 hours"),
    "Q6H": gettext_lazy("every 6 hours"),
    "Q8H": gettext_lazy("every 8 hours"),
    "BED": gettext_lazy("at bedtime"),
    "WK": gettext_lazy("once a week"),
    "MO": gettext_lazy("once a month"),
}
EACH = {
    "s": gettext_lazy("a second"),
    "min": gettext_lazy("a minute"),
    "h": gettext_lazy("an hour"),
    "d": gettext_lazy("a day"),
    "wk": gettext_lazy("a week"),
    "mo": gettext_lazy("a month"),
    "a": gettext_lazy("a year"),
}
UNITS = {
    "s": gettext_lazy("%s seconds"),
    "min": gettext_lazy("%s minutes"),
    "h": gettext_lazy("%s hours"),
    "d": gettext_lazy("%s days"),
    "wk": gettext_lazy("%s weeks"),
    "mo": gettext_lazy("%s months"),
    "a": gettext_lazy("%s years"),
}

STANDARD = frozenset(
    {
        "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation",
        "http://hl7.org/fhir/v3/GTSAbbreviation",
        "urn:oid:2.16.840.1.113883.5.1022",
    }
)
DASHES = str.maketrans(dict.fromkeys("－–—−﹣‐‑―～〜∼˜﹏~", "-"))
# what may not stand beside a dose in a text: it would be another dose
LEFT_NUMBER = r"(?<![\d.,/<>≤≥×*±+:\-])(?<!\d )(?<!\dx)"
LEFT = r"(?<![a-zμ])"
RIGHT = r"(?![./×*±+%:a-zμ半\-]|,\d|每(?:公斤|千克|kg|平方|m))"
RIGHT_NUMBER = r"(?![^\W_]|[./×*±+%:\-]|,\d| \d)"
AMOUNT = re.compile(
    r"(\d+(?:[.,]\d+)*)([a-zμ]+|片|粒|支|袋|滴|丸|包|瓶|毫克|微克|克|毫升|万单位|单位)"
)


def describe_doses(
    instructions: list[Json], contained: list[Json] | None = None
) -> tuple[str, ...]:
    """Each instruction in words, in the order of its steps; the steps are numbered where there
    are several.
    """
    ordered = sorted(
        enumerate(instructions),
        key=lambda x: (x[1].get("sequence") is None, x[1].get("sequence") or 0, x[0]),
    )
    stepped = len({d.get("sequence") for d in instructions}) > 1
    out = []
    for _place, d in ordered:
        words = describe_dose(d)
        step = _("step %s") % d["sequence"] if stepped and "sequence" in d else ""
        out.append(f"{step}{_(': ')}{words}" if step and words else words)
    return tuple(w for w in out if w)


def describe_dose(d: Json) -> str:
    """One instruction: the prescriber's own text, and what is coded beside it where that is not
    the same.
    """
    written = str(d.get("text") or "").strip()
    coded = join_distinct(dosage_phrases(d))
    if written and coded and not is_dose_in_text(written, coded):
        return str(_("%(text)s [coded: %(coded)s]") % {"text": written, "coded": coded})
    return written or coded


def is_dose_in_text(written: str, coded: str) -> bool:
    """Whether the text says all that is coded, as whole numbers and whole words, and no other
    number of a unit that is coded: "15mg" does not say 5 mg, nor "10 mg/kg" 10 mg, nor "1-2片" 2
    片. A long text is not read: both are shown.
    """
    if len(written) > LONGEST:
        return False
    said, wanted = fold_dosage(written), fold_dosage(coded)
    if not wanted:
        return True
    before = (
        LEFT_NUMBER
        if wanted[0].isdigit()
        else LEFT
        if wanted[0].isascii() and wanted[0].isalpha()
        else ""
    )
    after = RIGHT_NUMBER if wanted[-1].isdigit() else RIGHT
    if not re.search(f"{before}{re.escape(wanted)}{after}", said):
        return False
    told = set(AMOUNT.findall(wanted))
    return all(
        found in told
        for found in AMOUNT.findall(said)
        if found[1] in {unit for _number, unit in told}
    )


def fold_dosage(words: str) -> str:
    """Small letters without blanks and marks, but with all that makes another number of digits:
    point, comma, slash, dash, sign, a blank between two.
    """
    plain = unicodedata.normalize("NFKC", words).casefold().translate(DASHES)
    plain = re.sub(r"(?<=\d)\s*[至到]\s*(?=\d)", "-", plain)
    plain = re.sub(r"(?<!\d)[.,:]|[.,:](?!\d)|[^\w\s.,:<>≤≥/×*±+%\-]|_", " ", plain)
    plain = re.sub(r"(?<=\d)\s+(?=\d)|(?<=[a-zμ])\s+(?=[a-zμ])", "\0", plain)
    return re.sub(r"\s+", "", plain).replace("\0", " ")


def dosage_phrases(d: Json) -> Iterator[str]:
    """The structured elements of a Dosage, each as a phrase."""
    for rate in d.get("doseAndRate") or []:
        yield describe_dose_and_rate(rate)
    yield from timing_phrases(d.get("timing") or {})
    yield describe_as_needed(d)
    for key in ("route", "method"):
        yield concept_text(d.get(key))
    if d.get("site"):
        yield _("at: %s") % concept_text(d["site"])
    for key, words in (
        ("maxDosePerPeriod", _("at most %s")),
        ("maxDosePerAdministration", _("at most %s at a time")),
        ("maxDosePerLifetime", _("at most %s in a lifetime")),
    ):
        if d.get(key):
            yield words % say_value(d[key])
    for extra in d.get("additionalInstruction") or []:
        yield concept_text(extra)
    if d.get("patientInstruction"):
        yield _("told to the patient: %s") % d["patientInstruction"]


def describe_dose_and_rate(rate: Json) -> str:
    """Dose and rate of one doseAndRate; its type (calculated, ordered) where it is given."""
    size = say_amount(rate.get("doseQuantity")) or (
        say_range(rate["doseRange"]) if "doseRange" in rate else ""
    )
    speed = (
        say_ratio(rate["rateRatio"])
        if "rateRatio" in rate
        else (
            say_range(rate["rateRange"])
            if "rateRange" in rate
            else say_amount(rate.get("rateQuantity"))
        )
    )
    kind = concept_text(rate.get("type"))
    said = join_distinct((size, _("rate %s") % speed if speed else ""), " ")
    return (said + bracket_words(kind)).strip()


def describe_as_needed(d: Json) -> str:
    """As needed, and why."""
    why = concept_text(d.get("asNeededCodeableConcept"))
    if why:
        return str(_("when needed: %s") % why)
    return str(_("when needed")) if d.get("asNeededBoolean") is True else ""


def timing_phrases(t: Json) -> Iterator[str]:
    """A Timing: its code, its times, how it repeats."""
    code = t.get("code")
    if code:
        yield str(code.get("text") or frequency_words(code) or concept_text(code))
    if t.get("event"):
        yield _("on %s") % list_words(shown_time(e) for e in t["event"])
    yield from repeat_phrases(t.get("repeat") or {})


def frequency_words(code: Json) -> str:
    """A code of v3-GTSAbbreviation in words; "" for codes of other systems (a hospital's MO may
    be "every Monday"), and where a display says it.
    """
    codings = [c for c in code.get("coding") or [] if isinstance(c, dict)]
    if any(
        c.get("display") and str(c["display"]).casefold() != str(c.get("code")).casefold()
        for c in codings
    ):
        return ""
    return next(
        (
            str(CODES[c["code"]])
            for c in codings
            if c.get("code") in CODES and (not c.get("system") or c["system"] in STANDARD)
        ),
        "",
    )


def repeat_phrases(r: Json) -> Iterator[str]:
    """Timing.repeat in all its parts."""
    yield describe_rhythm(r)
    if r.get("dayOfWeek"):
        yield _("on %s") % list_words(str(DAYS.get(x, x)) for x in r["dayOfWeek"])
    if r.get("timeOfDay"):
        yield _("at %s") % list_words(str(x)[:5] for x in r["timeOfDay"])
    if r.get("when"):
        events = list_words(str(EVENTS.get(x, x)) for x in r["when"])
        yield (
            _("%(event)s, %(offset)s minutes apart") % {"event": events, "offset": r["offset"]}
            if r.get("offset")
            else events
        )
    if "duration" in r:
        yield _("over %s") % duration_words(number_range_text(r, "duration"), r.get("durationUnit"))
    elif "durationMax" in r:
        yield _("over at most %s") % duration_words(
            format_decimal(r["durationMax"]), r.get("durationUnit")
        )
    if "count" in r:
        yield _("%s times in all") % number_range_text(r, "count")
    elif "countMax" in r:
        yield _("at most %s times in all") % r["countMax"]
    if "boundsDuration" in r:
        yield _("course of %s") % say_amount(r["boundsDuration"])
    if "boundsRange" in r:
        yield _("course of %s") % say_range(r["boundsRange"])
    if "boundsPeriod" in r:
        yield say_period(r["boundsPeriod"])


def describe_rhythm(r: Json) -> str:
    """How many times in how long: "2 times every day", "every 8 hours"."""
    times = number_range_text(r, "frequency") or (
        f"≤ {r['frequencyMax']}" if "frequencyMax" in r else ""
    )
    length = number_range_text(r, "period") or (
        f"≤ {format_decimal(r['periodMax'])}" if "periodMax" in r else ""
    )
    if not length:
        return _("%s times") % times if times else ""
    unit = str(r.get("periodUnit") or "")
    each = (
        str(EACH[unit])
        if times and length == "1" and unit in EACH
        else _("every %s") % duration_words(length, unit)
    )
    if not times or (times == "1" and length != "1"):
        return each
    return str(
        _("once %s") % each
        if times == "1"
        else _("%(times)s times %(each)s") % {"times": times, "each": each}
    )


def number_range_text(r: Json, name: str) -> str:
    """A number and, where there is one, its upper end."""
    if name not in r:
        return ""
    top = r.get(f"{name}Max")
    return (
        format_decimal(r[name])
        if top is None or format_decimal(top) == format_decimal(r[name])
        else f"{format_decimal(r[name])}–{format_decimal(top)}"
    )


def duration_words(length: str, unit: Any) -> str:
    if unit not in UNITS:
        return f"{length} {unit or '?'}"
    return str(UNITS[unit]) % length
