"""An AllergyIntolerance: whether it is one at all, how dangerous, how sure, what happened; and
the same allergy of several hospitals as one.
"""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.meaning.absence import Presence, fold_words, presence_of_code, presence_of_concept
from records.meaning.phrase import Json, choice_element, list_words, read_annotations, say_value
from records.meaning.result_identity import ALIASES, SHARED, list_codings
from records.meaning.sense import ReadingMark, ResourceReading, Sense, Words
from records.meaning.states import judge_state
from records.meaning.times import shown_time
from records.meaning.value_text import concept_text, drop_nulls, first_code

CRITICALITY: dict[str, Words] = {
    "high": gettext_lazy("high risk"),
    "low": gettext_lazy("low risk"),
    "unable-to-assess": gettext_lazy("risk cannot be assessed"),
}
SEVERITY: dict[str, Words] = {
    "severe": gettext_lazy("severe"),
    "moderate": gettext_lazy("moderate"),
    "mild": gettext_lazy("mild"),
}
KIND: dict[str, Words] = {
    "intolerance": gettext_lazy("intolerance")
}  # an allergy is the ordinary case
CATEGORY: dict[str, Words] = {
    "food": gettext_lazy("food"),
    "medication": gettext_lazy("medicine"),
    "environment": gettext_lazy("environment"),
    "biologic": gettext_lazy("biologic"),
}
# Reactions that kill, whatever severity was sent with them
GRAVE = (
    "休克",
    "喉头水肿",
    "喉水肿",
    "窒息",
    "呼吸困难",
    "支气管痉挛",
    "心跳骤停",
    "剥脱",
    "大疱",
    "史蒂文斯",
    "中毒性表皮",
    "anaphyla",
    "angioedema",
    "stevens",
    "epidermal necrolysis",
    "bronchospasm",
    "cardiac arrest",
    "laryngeal edema",
    "laryngeal oedema",
)
KILLS = rf"(?:过敏性休克|{'|'.join(GRAVE)})"
DENIED = re.compile(
    r"(?:无|未见|未出现|未发生|未有|否认|没有|不伴|未伴|\bno |\bwithout"
    rf" )(?:明显|伴有?|有|发生|出现)*{KILLS}(?:(?:、|及|和|或| or ){KILLS})*"
)  # 无休克
Member = tuple[str, Json, ResourceReading]  # source, resource, what it says
GRAVE_CODES = frozenset(
    {
        "39579001",
        "417516000",
        "41291007",
        "73442001",
        "768962006",
        "4386001",
        "271825005",
        "51599000",
    }
)  # SNOMED CT
# SNOMED CT concepts that name a kind of allergy and no substance: allergy, to a drug, food,
# environment, animal; intolerance, allergic disposition
KIND_CODES = frozenset(
    {
        "419199007",
        "609433001",
        "416098002",
        "414285001",
        "426232007",
        "232347008",
        "418471000",
        "419511003",
        "235719002",
        "420134006",
        "418038007",
        "418634005",
        "106190000",
        "782415009",
        "609328004",
    }
)
SEVERITIES = {"severe": 0, "moderate": 1, "mild": 3}
CRITICALITIES = {"high": 0, "unable-to-assess": 2, "low": 3}


def read_allergy(r: Json) -> ResourceReading:
    """CURRENT and UNCERTAIN are allergies; NEGATIVE says that there is none (no known allergy,
    or ruled out), UNASKED that nobody knows.
    """
    sense, marks = judge_state(r)
    title = allergen_name(r)
    said = presence_of_concept(r.get("code"))
    if said is not Presence.PRESENT and not r.get("reaction") and sense is not Sense.VOID:
        return read_denial(r, title, said, sense, marks)
    own = () if sense in (Sense.PAST, Sense.NEGATIVE, Sense.VOID) else kind_marks(r)
    return ResourceReading(
        title,
        sense,
        (*own, *marks),
        tuple(f for f in (*list_reactions(r), category_words(r), *onset_phrases(r)) if f),
        read_annotations(r.get("note"), *(x.get("note") for x in r.get("reaction") or [])),
        code=first_code(r.get("code")),
        danger=rank_danger(r, sense),
    )


def kind_marks(r: Json) -> tuple[ReadingMark, ...]:
    """Allergy or intolerance, and how much harm the next contact may do."""
    kinds = [
        str(KIND.get(str(r.get("type")), "")),
        str(CRITICALITY.get(str(r.get("criticality")), r.get("criticality") or "")),
    ]
    return tuple(ReadingMark(k, loud=k == str(CRITICALITY["high"])) for k in kinds if k)


def read_denial(
    r: Json, title: str, said: Presence, sense: Sense, marks: tuple[ReadingMark, ...]
) -> ResourceReading:
    """A "no known allergy" by its own states: a denial that was refuted is a doubt, one that has
    ended is past, one that is not confirmed says so aloud.
    """
    if said is Presence.UNASKED:
        return ResourceReading(
            title,
            Sense.UNASKED,
            (ReadingMark(_("not asked, or not known")),),
            tuple(onset_phrases(r)),
            read_annotations(r.get("note")),
            code=first_code(r.get("code")),
        )
    held = {Sense.NEGATIVE: Sense.UNCERTAIN, Sense.PAST: Sense.PAST}.get(sense, Sense.NEGATIVE)
    aloud = tuple(ReadingMark(m.text, loud=True) for m in marks)
    return ResourceReading(
        title,
        held,
        aloud,
        tuple(onset_phrases(r)),
        read_annotations(r.get("note")),
        code=first_code(r.get("code")),
        danger=rank_danger(r, held),
    )


def allergen_name(r: Json) -> str:
    """The allergen; where none is named, that of the reactions; never an empty name, and not
    "none known" where another coding names one.
    """
    substances = list_words(concept_text(x.get("substance")) for x in r.get("reaction") or [])
    concept = r.get("code") or {}
    if not concept.get("text") and presence_of_concept(concept) is Presence.PRESENT:
        concept = concept | {
            "coding": (
                [c for c in concept.get("coding") or [] if presence_of_code(c) is Presence.PRESENT]
                or concept.get("coding")
            )
        }
    return concept_text(concept) or substances or _("allergen not named")


def list_reactions(r: Json) -> Iterator[str]:
    """What happened: manifestations with their severity, how it got in, which substance, when."""
    for x in r.get("reaction") or []:
        happened = list_words(concept_text(m) for m in x.get("manifestation") or []) or str(
            x.get("description") or ""
        )
        beside = [
            str(SEVERITY.get(str(x.get("severity")), x.get("severity") or "")),
            concept_text(x.get("exposureRoute")),
            shown_time(x.get("onset") or ""),
        ]
        if x.get("substance") and concept_text(x["substance"]) != concept_text(r.get("code")):
            beside.append(_("after %s") % concept_text(x["substance"]))
        if x.get("description") and x.get("manifestation"):
            beside.append(str(x["description"]))
        inside = list_words(beside)
        yield (
            _("%(what)s (%(more)s)") % {"what": happened, "more": inside}
            if happened and inside
            else happened or inside
        )


def category_words(r: Json) -> str:
    return list_words(str(CATEGORY.get(c, c)) for c in r.get("category") or [])


def onset_phrases(r: Json) -> Iterator[str]:
    """Onset and last occurrence."""
    key, onset = choice_element(r, "onset")
    if onset:
        yield _("since %s") % say_value(onset, key)
    if r.get("lastOccurrence"):
        yield _("last time %s") % shown_time(r["lastOccurrence"])


def has_grave_reaction(r: Json) -> bool:
    """Whether a reaction is one that kills."""
    for x in r.get("reaction") or []:
        words = fold_words(
            " ".join(
                [
                    str(x.get("description") or ""),
                    *(concept_text(m) for m in x.get("manifestation") or []),
                ]
            )
        )
        codes = {c.get("code") for m in x.get("manifestation") or [] for c in m.get("coding") or []}
        if codes & GRAVE_CODES or any(g in DENIED.sub("", words) for g in GRAVE):
            return True
    return False


def rank_danger(r: Json, sense: Sense) -> tuple[int, ...]:
    """Sorts the worst first: what may kill, then severity, then how sure it is, allergies before
    intolerances.
    """
    severity = min(
        (SEVERITIES.get(str(x.get("severity")), 2) for x in r.get("reaction") or []), default=2
    )
    criticality = CRITICALITIES.get(str(r.get("criticality")), 2)
    deadly = 0 if criticality == 0 or severity == 0 or has_grave_reaction(r) else 1
    return (
        deadly,
        0 if has_grave_reaction(r) else 1,
        criticality,
        severity,
        rank_doubt(r, sense),
        1 if r.get("type") == "intolerance" else 0,
    )


def rank_doubt(r: Json, sense: Sense) -> int:
    """How unsure it is: 0 for what somebody confirmed, 2 for what nobody did."""
    verified = {c.get("code") for c in (r.get("verificationStatus") or {}).get("coding") or []}
    return 2 if sense is Sense.UNCERTAIN else 0 if "confirmed" in verified else 1


def allergy_keys(r: Json) -> set[tuple[str, str]]:
    """What makes two entries the same allergy: a code in a system that all hospitals mean alike,
    or the folded name without the word allergy. A hospital's own code is none: another hospital, or
    another year, may give it to another substance.
    """
    out = set()
    for c in list_codings(r.get("code")):
        system = ALIASES.get(str(c.get("system") or ""), str(c.get("system") or ""))
        if (
            system.startswith(tuple(s for systems in SHARED for s in systems))
            and presence_of_code(c) is Presence.PRESENT
            and c["code"] not in KIND_CODES
        ):
            out.add((system, str(c["code"])))
    name = fold_allergen(allergen_name(r))
    return out | {("", name)} if name else out


def fold_allergen(words: str) -> str:
    name = "".join(c for c in fold_words(words) if c.isalnum())
    for word in ("过敏史", "过敏反应", "过敏", "allergicto", "allergyto", "allergy"):
        name = name.removesuffix(word).removeprefix(word if word.endswith("to") else "\0")
    return name.removeprefix("对") or fold_words(words)


def merge_allergies(
    found: list[tuple[str, Json, ResourceReading]],
) -> list[tuple[ResourceReading, tuple[str, ...]]]:
    """found: (source, resource, reading). The same allergy once, with the name of its worst
    entry, all reactions and sources; the worst first.
    """
    groups: list[tuple[set[tuple[str, str]], list[Member]]] = []
    for source, resource, reading in found:
        r = drop_nulls(resource)
        mine, members = allergy_keys(r), [(source, r, reading)]
        for group in [g for g in groups if g[0] & mine]:
            groups.remove(group)
            mine, members = mine | group[0], [*group[1], *members]
        groups.append((mine, members))
    out = [
        (unite_entries(members), tuple(dict.fromkeys(source for source, _r, _reading in members)))
        for members in (sorted(m, key=allergy_order) for _keys, m in groups)
    ]
    return sorted(out, key=lambda x: (x[0].danger, fold_allergen(x[0].title), x[0].title, x[1]))


def allergy_order(member: Member) -> tuple[object, ...]:
    """The worst first, always the same one."""
    source, _r, reading = member
    return reading.danger, fold_allergen(reading.title), reading.title, source, reading.facts


def unite_entries(members: list[Member]) -> ResourceReading:
    """Of entries in their order: as dangerous as the worst of them says, and as sure as the
    surest, for what one hospital has confirmed the doubt of another does not take away.
    """
    worst = members[0][2]
    _source, sure, surest = min(members, key=lambda m: rank_doubt(m[1], m[2].sense))
    said = {
        "type": (
            "intolerance"
            if all(r.get("type") == "intolerance" for _s, r, _reading in members)
            else "allergy"
        )
    }
    if stated := [str(r["criticality"]) for _s, r, _reading in members if r.get("criticality")]:
        said["criticality"] = min(stated, key=lambda c: CRITICALITIES.get(c, 2))
    marks = (*kind_marks(said), *judge_state(sure)[1])
    return ResourceReading(
        worst.title,
        surest.sense,
        marks,
        tuple(dict.fromkeys(f for _s, _r, m in members for f in m.facts)),
        tuple(dict.fromkeys(n for _s, _r, m in members for n in m.notes)),
        code=worst.code,
        danger=tuple(map(min, zip(*(m.danger for _s, _r, m in members), strict=True))),
    )
