"""SMART scopes of systems: what a token lets a system do with which resource types (SMART App
Launch 2.2, Scopes for Requesting Clinical Data). Pure.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop

# create; read, vread and history of a resource; update and patch; delete; search, and history of a
# type or base
SCOPE_LETTERS = "cruds"
ALL_TYPES = "*"
SMART_V1_LETTERS = {"read": "rs", "write": "cud", "*": SCOPE_LETTERS}
SCOPE_PATTERN = re.compile(r"system/(\*|[A-Za-z]+)\.(\*|[a-z]+)")
# The alliance's audit log, as far as it is about what the system's own hospital did: AuditEvent of
# the shared base. system/* does not hold it, and neither does system/AuditEvent, which is of the
# hospital's own store (docs/adr/0075).
AUDIT_LOG = "alliance/AuditEvent"
AUDIT_LOG_SCOPE = re.compile(r"alliance/AuditEvent\.(rs|r|s|read)")
HOSTED_TYPES: set[str] = (
    set()
)  # resource types, filled by the app that hosts them, for it is of a house above this one


class BadScope(ValueError):
    """A scope that is not granted; `template` and `values` say which and what to write instead."""

    def __init__(self, template: str, **values: str) -> None:
        super().__init__(template % values)
        self.template, self.values = template, values


EMPTY_SCOPE = gettext_noop("The scope is empty: write for example system/*.rs.")
UNKNOWN_SCOPE = gettext_noop(
    "The scope %(scope)s is not known here: a scope of a system is system/Type.cruds with the"
    " letters that are needed, in this order, as in system/Observation.rs."
)
GRANULAR_SCOPE = gettext_noop(
    "The scope %(scope)s is narrowed by a search, which is not granted here: ask for %(plain)s."
)
UNHOSTED_SCOPE = gettext_noop("The scope %(scope)s names a resource type that is not hosted here.")
NOTHING_GRANTED = (
    "Nothing of what was asked for may be granted to this client. It may have: %(allowed)s."
)


@dataclass(frozen=True, slots=True)
class ScopeNeed:
    """What an interaction takes: these letters of each of the types; without types, of any type,
    and what is of another one is not found.
    """

    letters: str
    types: tuple[str, ...] = ()


NO_SCOPE_NEED = ScopeNeed("")  # nothing: whoever may call it at all


@dataclass(frozen=True, slots=True)
class ScopeGrant:
    """What a system may do: letters of types, ALL_TYPES for all types; audit_log: letters of
    AUDIT_LOG. Made by `grant_from_letters` alone, so that two that allow the same are equal.
    """

    rows: tuple[tuple[str, str], ...]
    audit_log: str = ""

    @property
    def allows_all_types(self) -> bool:
        return self.rows == FULL_GRANT.rows

    def letters_for(self, type_name: str) -> str:
        if type_name == AUDIT_LOG:
            return self.audit_log
        rows = dict(self.rows)
        return rows.get(type_name, rows.get(ALL_TYPES, ""))

    def allows(self, letters: str, type_name: str) -> bool:
        return set(letters) <= set(self.letters_for(type_name))

    def types_for(self, letters: str) -> frozenset[str] | None:
        """Those of which all these letters are granted; None for all that there are."""
        return (
            None
            if self.allows(letters, ALL_TYPES)
            else frozenset(t for t, _ in self.rows if t != ALL_TYPES and self.allows(letters, t))
        )

    def missing_scopes(self, need: ScopeNeed | None) -> str:
        """The scopes that would have to be there, "" where none is missing. need None: what
        nobody has stated takes everything.
        """
        if need is None:
            return "" if self.allows_all_types else str(FULL_GRANT)
        if need.types:
            return " ".join(
                name_scope(t, need.letters)
                for t in dict.fromkeys(need.types)
                if not self.allows(need.letters, t)
            )
        types = self.types_for(need.letters)
        return "" if types is None or types else f"system/{ALL_TYPES}.{need.letters}"

    def __str__(self) -> str:
        rows = (*self.rows, (AUDIT_LOG, self.audit_log))
        return " ".join(name_scope(t, letters) for t, letters in rows if letters)


def name_scope(type_name: str, letters: str) -> str:
    return f"{type_name if type_name == AUDIT_LOG else f'system/{type_name}'}.{letters}"


def grant_from_letters(letters: Mapping[str, Iterable[str]]) -> ScopeGrant:
    """What is given for every type is given for each; a type that has no more stands under EVERY
    alone.
    """
    every = set(letters.get(ALL_TYPES, ()))
    whole = {t: every | set(given) for t, given in letters.items() if t != AUDIT_LOG}
    rows = {
        t: sort_scope_letters(given)
        for t, given in whole.items()
        if given and (t == ALL_TYPES or given != every)
    }
    return ScopeGrant(
        tuple(sorted(rows.items())), sort_scope_letters(set(letters.get(AUDIT_LOG, ())))
    )


def sort_scope_letters(letters: Collection[str]) -> str:
    return "".join(x for x in SCOPE_LETTERS if x in letters)


FULL_GRANT = grant_from_letters({ALL_TYPES: SCOPE_LETTERS})
READ_GRANT = grant_from_letters({ALL_TYPES: "rs"})


def unite_grants(grants: Iterable[ScopeGrant]) -> ScopeGrant:
    letters: dict[str, set[str]] = {}
    for grant in grants:
        for t, given in (*grant.rows, (AUDIT_LOG, grant.audit_log)):
            letters.setdefault(t, set()).update(given)
    return grant_from_letters(letters)


def intersect_grants(asked: ScopeGrant, allowed: ScopeGrant) -> ScopeGrant:
    """What both allow."""
    types = {AUDIT_LOG, *(t for g in (asked, allowed) for t, _ in g.rows)}
    return grant_from_letters(
        {t: set(asked.letters_for(t)) & set(allowed.letters_for(t)) for t in types}
    )


def covers_grant(grant: ScopeGrant, other: ScopeGrant) -> bool:
    return intersect_grants(grant, other) == other


def parse_scopes(text: str, known: Collection[str] = ()) -> ScopeGrant:
    """Scopes with spaces between them. known: the types that are hosted; none for what was
    checked before. Raises BadScope for the first that is not granted here.
    """
    words = text.split()
    if not words:
        raise BadScope(EMPTY_SCOPE)
    return unite_grants(parse_scope(word, known) for word in words)


def parse_scope(word: str, known: Collection[str]) -> ScopeGrant:
    if found := AUDIT_LOG_SCOPE.fullmatch(word):
        return grant_from_letters({AUDIT_LOG: SMART_V1_LETTERS.get(found[1], found[1])})
    shown = printable_scope(word)
    plain, mark, _query = word.partition("?")
    match = SCOPE_PATTERN.fullmatch(plain)
    letters = (SMART_V1_LETTERS.get(match[2]) or match[2]) if match else ""
    if not match or not letters or letters != sort_scope_letters(letters):
        raise BadScope(UNKNOWN_SCOPE, scope=shown)
    if mark:
        raise BadScope(GRANULAR_SCOPE, scope=shown, plain=plain)
    if known and match[1] != ALL_TYPES and match[1] not in known:
        raise BadScope(UNHOSTED_SCOPE, scope=shown)
    return grant_from_letters({match[1]: letters})


def printable_scope(word: str) -> str:
    """What an error_description may hold of it (RFC 6749 5.2)."""
    return re.sub(r'[^\x21-\x7e]|["\\]', "?", word[:80])


def grant_requested_scopes(
    text: str, allowed: ScopeGrant, known: Collection[str]
) -> tuple[ScopeGrant, str]:
    """(the grant, the scopes as the client is told them): as they were asked for where they are
    given whole, else narrower. Raises BadScope.
    """
    asked = [(word, parse_scope(word, known)) for word in text.split()]
    if not asked:
        raise BadScope(EMPTY_SCOPE)
    given = [(word, part, intersect_grants(part, allowed)) for word, part in asked]
    if not any(str(found) for *_, found in given):
        raise BadScope(NOTHING_GRANTED, allowed=str(allowed))
    told = [word if found == part else str(found) for word, part, found in given if str(found)]
    return unite_grants(found for *_, found in given), " ".join(
        dict.fromkeys(" ".join(told).split())
    )
