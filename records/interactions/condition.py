"""The condition of a conditional create, update, patch or delete: how it may be written, and the one resource that fits it (FHIR R4 http.html#ccreate, #cond-update)."""

import re
from typing import Any

from consent.terms import Scope
from records.fhir.base_address import relative
from records.fhir.issues import Issue, Malformed, PreconditionFailed
from records.fhir.query import PLAIN, pairs
from records.interactions.ask import Ask
from records.interactions.asked import asked
from records.interactions.covering import must_cover_condition
from records.search.addresses import made_relative
from records.search.escapes import alternatives
from records.search.parse import COMMON, TEXTS
from records.search.plan import plan
from records.store import find

IDENTIFIER = re.compile(r"(^|[.:])identifier(:not)?$")
NARROWS = ("_id", "_lastUpdated", "_list", *TEXTS)  # of the parameters that every type has; the others say how a search is answered


def if_none_exist(ask: Ask, type_name: str, text: Any) -> str:
    """The part after "?" of a condition, which some clients send as a whole address, ours. Raises Malformed for another base or type, and for none."""
    if not isinstance(text, str):
        raise Malformed(Issue("value", "If-None-Exist is a text, such as identifier=system|value.", "If-None-Exist"))
    before, mark, after = text.partition("?")
    if not mark or "=" in before:
        before, after = "", text
    if relative(before, ask.address) not in ("", type_name, f"/{type_name}"):
        raise Malformed(Issue("value", f"If-None-Exist asks elsewhere than {ask.root}/{ask.base}/{type_name}: send only what stands behind the question mark.", "If-None-Exist"))
    if not after.strip():
        raise Malformed(Issue("value", "If-None-Exist is empty: write for example identifier=system|value, or leave the header out to create always.", "If-None-Exist"))
    return after


def choosing(query: str) -> list[tuple[str, str]]:
    """The parameters that choose. Raises Malformed where none does: the condition would fit whatever there is."""
    found = [(k, v) for k, v in pairs(query) if k not in PLAIN]
    if wrong := [k for k, _ in found if (name := k.partition(":")[0]) in COMMON and name not in NARROWS]:
        raise Malformed(Issue("value", f"A condition has no parameter {wrong[0][:60]!r}: it only says which resource is meant."))
    if not found:
        raise Malformed(Issue("value", "The condition is empty: write for example identifier=system|value."))
    if wrong := [k for k, v in found if IDENTIFIER.search(k) and any(len(a.pieces) == 2 and not a.pieces[1] for a in alternatives(v))]:
        raise Malformed(Issue("value", f"A condition names the number: behind the bar of {wrong[0][:60]} there is none, and whoever has one of that system would be meant."))
    return found


def canonical(type_name: str, query: str, address: str) -> str:
    """One text for one condition, in whatever order its parameters stand; address: of the base."""
    return f"{type_name}?{'&'.join(sorted(f'{k}={v}' for k, v in made_relative([type_name], choosing(query), address)))}"


def matching(scope: Scope, type_name: str, query: str, address: str) -> str | None:
    """The id of the one resource that fits a condition, or None. Raises PreconditionFailed where several do.

    Raises Forbidden where the token may not search the type. Of sealed records only by one number alone (identifier=system|value): who has given it may send
    again without writing a twin, and learns nothing of what they say."""
    chosen = choosing(query)
    number = len(chosen) == 1 and chosen[0][0] == "identifier" and one_number(chosen[0][1])
    request = asked([type_name], chosen, address)
    must_cover_condition(scope.principal, type_name, request.keys)
    found = find.matches(scope, plan(request, scope.whole, None), canonical(type_name, query, address), sealed=number)
    if len(found) > 1:
        raise PreconditionFailed(Issue("multiple-matches", f"More than one {type_name} fits the condition: make it narrower."))
    return found[0] if found else None


def numbers(query: str) -> set[str] | None:
    """The values of a condition that is one list of identifiers; None of any other."""
    asked = pairs(query)
    return {str(v) for v in alternatives(asked[0][1])} if len(asked) == 1 and asked[0][0] == "identifier" else None


def forms(resource: Any) -> set[str]:
    """The values of `identifier` that find a resource: value, system|value, and |value where it has no system."""
    given = resource.get("identifier") if isinstance(resource, dict) else None
    out = set()
    for i in given if isinstance(given, list) else [given]:
        if isinstance(i, dict) and i.get("value"):
            number = str(i["value"]).strip()
            out |= {number, f"{str(i.get('system') or '').strip()}|{number}"}
    return out


def one_number(text: str) -> bool:
    """Whether the value of a condition is one identifier, system|value."""
    found = alternatives(text)
    return len(found) == 1 and len(found[0].pieces) == 2 and all(found[0].pieces)
