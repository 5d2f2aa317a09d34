"""A FHIR Consent in plain words, one line a rule, for clerks, patients and auditors. Nothing of
it is left out: what has no words of its own is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from alliance.platform.dates import format_day_range
from alliance.resource_names import RESOURCE_NAMES
from consent.provision import Provision, ProvisionActor, parse_consent
from consent.templates import TYPES_BY_RECORD_GROUP
from records.web.consent_form import (
    ACTION_TEXT,
    CODE_TEXT,
    GROUP_TEXT,
    PURPOSE_TEXT,
    SHARED_KIND_TEXT,
)


def describe_consent(
    consent: dict[str, Any], hospital: str, names: Mapping[str, str]
) -> list[tuple[int, bool | None, str]]:
    """(depth, permits, words) of each rule, outermost first. names: of the hospitals by code, of
    staff by "staff/" and number.
    """
    return list(iter_rule_texts(parse_consent(consent, hospital, as_written=True), names, 0))


def iter_rule_texts(
    rule: Provision, names: Mapping[str, str], depth: int
) -> Iterator[tuple[int, bool | None, str]]:
    yield (
        depth,
        rule.permit,
        describe_outer_rule(rule, names) if depth == 0 else describe_inner_rule(rule, names),
    )
    for inner in rule.parts:
        yield from iter_rule_texts(inner, names, depth + 1)


def describe_outer_rule(rule: Provision, names: Mapping[str, str]) -> str:
    """Who may or may not see what of whose records, of an outermost rule."""
    who, whose, what = (
        describe_actors(rule, "recipient", names),
        describe_actors(rule, "source", names),
        describe_record_kinds(rule),
    )
    if rule.permit is None:
        main = _("Only where one of these applies:")
    elif rule.permit:
        text = (
            _("%(who)s may see in the records of %(whose)s: %(what)s")
            if what
            else _("%(who)s may see the records of %(whose)s, except specially protected ones")
        )
        labelled = bool(rule.kinds or rule.levels)
        main = text % {
            "who": who or _("All hospitals of the alliance"),
            "whose": whose or _("every hospital"),
            "what": what
            if labelled
            else _("%(what)s (except specially protected ones)") % {"what": what},
        }
    elif who:
        text = (
            _("%(who)s may not see in the records of %(whose)s: %(what)s")
            if what
            else _("%(who)s may not see any records of %(whose)s")
        )
        main = text % {"who": who, "whose": whose or _("other hospitals"), "what": what}
    elif whose or what:
        text = (
            _("No other hospital may see in the records of %(whose)s: %(what)s")
            if what
            else _("No other hospital may see any records of %(whose)s")
        )
        main = text % {"whose": whose or _("any hospital"), "what": what}
    else:
        main = _("No hospital may see any records of other hospitals")
    return " · ".join((main, *iter_condition_texts(rule, names)))


def describe_inner_rule(rule: Provision, names: Mapping[str, str]) -> str:
    """What an inner rule adds to the one around it or takes away."""
    text = {True: _("also: %s"), False: _("not: %s"), None: _("within: %s")}[rule.permit]
    words = [describe_record_kinds(rule)]
    words += [
        label % whom
        for label, role in ((_("for %s"), "recipient"), (_("records of %s"), "source"))
        if (whom := describe_actors(rule, role, names))
    ]
    return text % (
        " · ".join(filter(None, (*words, *iter_condition_texts(rule, names)))) or _("the rest")
    )


def describe_actors(rule: Provision, role: str, names: Mapping[str, str]) -> str:
    """Whom the rule names in the role; "" where it names nobody."""

    def name(a: ProvisionActor) -> str:
        if a.staff:
            return names.get(f"staff/{a.staff}", f"{_('Staff')} {a.staff}")
        if a.group:
            return _("members of the group %s") % a.group.fhir_id
        return names.get(a.hospital, a.hospital) or (a.item.fhir_id if a.item else "?")

    return _(", ").join(name(a) for a in rule.actors if a.role == role)


def describe_record_kinds(rule: Provision) -> str:
    """Which records the rule is about by label and type; "" where it asks for neither."""
    out = []
    if rule.kinds or rule.levels:
        words = SHARED_KIND_TEXT if rule.permit else CODE_TEXT
        out.append(
            _(", ").join(
                str(words.get(k, CODE_TEXT.get(k, k))) for k in (*rule.kinds, *rule.levels)
            )
        )
    if rule.types:
        groups = [
            str(GROUP_TEXT[g])
            for g, types in TYPES_BY_RECORD_GROUP.items()
            if rule.types == frozenset(types)
        ]
        out.append(
            groups[0]
            if groups
            else _(", ").join(sorted({str(RESOURCE_NAMES.get(t, t)) for t in rule.types}))
        )
    return " · ".join(out)


def iter_condition_texts(rule: Provision, names: Mapping[str, str]) -> Iterator[str]:
    """What else it asks."""
    if author := describe_actors(rule, "author", names):
        yield _("made by %s") % author
    if rule.codes:
        yield _(", ").join(sorted(code for _system, code in rule.codes))
    for label, period in (
        (_("from %(a)s to %(b)s"), rule.period),
        (_("records dated %(a)s to %(b)s"), rule.data_period),
    ):
        if period:
            first, last = format_day_range(*period)
            yield label % {"a": first or "…", "b": last or "…"}
    if rule.data:
        yield _(", ").join(f"{i.type_name}/{i.fhir_id}" for _meaning, i in rule.data)
    if purposes := [p for p in rule.purposes if p not in ("TREAT", "TREATMENT")]:
        yield _("for the purpose: %s") % _(", ").join(str(PURPOSE_TEXT.get(p, p)) for p in purposes)
    if rule.actions and not {"access", "use", "disclose"} & set(rule.actions):
        yield _(", ").join(str(ACTION_TEXT.get(a, a)) for a in rule.actions)
    if rule.unknown:
        yield _(
            "with a condition that this platform does not understand (a denial then counts in full,"
            " a permit not at all)"
        )
