"""A FHIR Consent in plain words, one line a rule, for clerks, patients and auditors. Nothing of it is left out: what has no words of its own is named."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from consent.provision import Actor, Provision, read
from consent.templates import GROUPS
from records.web.choices import GROUP_WORDS, KIND_WORDS


def told(consent: dict[str, Any], hospital: str, names: Mapping[str, str]) -> list[tuple[int, bool | None, str]]:
    """(depth, permits, words) of each rule, outermost first. names: of the hospitals by code, of staff by "staff/" and number."""
    return list(rules(read(consent, hospital), names, 0))


def rules(rule: Provision, names: Mapping[str, str], depth: int) -> Iterator[tuple[int, bool | None, str]]:
    yield depth, rule.permit, " · ".join(parts(rule, names)) or (_("everything") if depth == 0 else _("the rest"))
    for inner in rule.parts:
        yield from rules(inner, names, depth + 1)


def parts(rule: Provision, names: Mapping[str, str]) -> Iterator[str]:
    def name(a: Actor) -> str:
        if a.staff:
            return names.get(f"staff/{a.staff}", f"{_('Staff')} {a.staff}")
        return names.get(a.hospital, a.hospital) or (a.item.fhir_id if a.item else "?")

    def who(role: str) -> str:
        return _(", ").join(name(a) for a in rule.actors if a.role == role)

    for role, text in (("recipient", _("for %s")), ("source", _("records of %s")), ("author", _("made by %s"))):
        if any(a.role == role for a in rule.actors):
            yield text % who(role)
    if rule.kinds or rule.levels:
        yield _(", ").join(str(KIND_WORDS.get(k, k)) for k in (*rule.kinds, *rule.levels))
    if rule.types:
        groups = [str(GROUP_WORDS[g]) for g, types in GROUPS.items() if rule.types == frozenset(types)]
        yield groups[0] if groups else _(", ").join(sorted(rule.types))
    if rule.codes:
        yield _(", ").join(sorted(code for _system, code in rule.codes))
    for label, period in ((_("from %(a)s to %(b)s"), rule.period), (_("records dated %(a)s to %(b)s"), rule.data_period)):
        if period:
            yield label % {"a": period[0].date() if period[0].year > 1 else "…", "b": period[1].date() if period[1].year < 9999 else "…"}
    if rule.data:
        yield _(", ").join(f"{i.type_name}/{i.fhir_id}" for _meaning, i in rule.data)
    if rule.actions and not {"access", "use", "disclose"} & set(rule.actions):
        yield _(", ").join(rule.actions)
    if rule.unknown:
        yield _("with a condition that this platform does not understand (a denial then counts in full, a permit not at all)")
