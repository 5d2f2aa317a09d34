"""SMART scopes of systems: what a token lets a system do with which resource types (SMART App Launch 2.2, Scopes for Requesting Clinical Data). Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

LETTERS = "cruds"  # create; read, vread and history of a resource; update and patch; delete; search, and history of a type or base
EVERY = "*"
V1 = {"read": "rs", "write": "cud", "*": LETTERS}
SHAPE = re.compile(r"system/(\*|[A-Za-z]+)\.(\*|[a-z]+)")
HOSTED: set[str] = set()  # resource types, filled by the app that hosts them, for it is of a house above this one


class BadScope(ValueError):
    """A scope that is not granted; `template` and `values` say which and what to write instead."""

    def __init__(self, template: str, **values: str) -> None:
        super().__init__(template % values)
        self.template, self.values = template, values


EMPTY = "The scope is empty: write for example system/*.rs."
UNKNOWN = "The scope %(scope)s is not known here: a scope of a system is system/Type.cruds with the letters that are needed, in this order, as in system/Observation.rs."
GRANULAR = "The scope %(scope)s is narrowed by a search, which is not granted here: ask for %(plain)s."
UNHOSTED = "The scope %(scope)s names a resource type that is not hosted here."
NOTHING = "Nothing of what was asked for may be granted to this client. It may have: %(allowed)s."


@dataclass(frozen=True, slots=True)
class Need:
    """What an interaction takes: these letters of each of the types; without types, of any type, and what is of another one is not found."""

    letters: str
    types: tuple[str, ...] = ()


FREE = Need("")  # nothing: whoever may call it at all


@dataclass(frozen=True, slots=True)
class Grant:
    """What a system may do: letters of types, EVERY for all types. Made by `of` alone, so that two that allow the same are equal."""

    rows: tuple[tuple[str, str], ...]

    def letters(self, type_name: str) -> str:
        rows = dict(self.rows)
        return rows.get(type_name, rows.get(EVERY, ""))

    def allows(self, letters: str, type_name: str) -> bool:
        return set(letters) <= set(self.letters(type_name))

    def types(self, letters: str) -> frozenset[str] | None:
        """Those of which all these letters are granted; None for all that there are."""
        return None if self.allows(letters, EVERY) else frozenset(t for t, _ in self.rows if t != EVERY and self.allows(letters, t))

    def lacks(self, need: Need | None) -> str:
        """The scopes that would have to be there, "" where none is missing. need None: what nobody has stated takes everything."""
        if need is None:
            return "" if self == WHOLE else str(WHOLE)
        if need.types:
            return " ".join(f"system/{t}.{need.letters}" for t in dict.fromkeys(need.types) if not self.allows(need.letters, t))
        types = self.types(need.letters)
        return "" if types is None or types else f"system/{EVERY}.{need.letters}"

    def __str__(self) -> str:
        return " ".join(f"system/{t}.{letters}" for t, letters in self.rows)


def of(letters: Mapping[str, Iterable[str]]) -> Grant:
    """What is given for every type is given for each; a type that has no more stands under EVERY alone."""
    every = set(letters.get(EVERY, ()))
    whole = {t: every | set(given) for t, given in letters.items()}
    rows = {t: ordered(given) for t, given in whole.items() if given and (t == EVERY or given != every)}
    return Grant(tuple(sorted(rows.items())))


def ordered(letters: Collection[str]) -> str:
    return "".join(x for x in LETTERS if x in letters)


WHOLE = of({EVERY: LETTERS})
READING = of({EVERY: "rs"})


def united(grants: Iterable[Grant]) -> Grant:
    letters: dict[str, set[str]] = {}
    for grant in grants:
        for t, given in grant.rows:
            letters.setdefault(t, set()).update(given)
    return of(letters)


def narrow(asked: Grant, allowed: Grant) -> Grant:
    """What both allow."""
    types = {t for g in (asked, allowed) for t, _ in g.rows}
    return of({t: set(asked.letters(t)) & set(allowed.letters(t)) for t in types})


def covers(grant: Grant, other: Grant) -> bool:
    return narrow(grant, other) == other


def parse(text: str, known: Collection[str] = ()) -> Grant:
    """Scopes with spaces between them. known: the types that are hosted; none for what was checked before. Raises BadScope for the first that is not granted here."""
    words = text.split()
    if not words:
        raise BadScope(EMPTY)
    return united(one(word, known) for word in words)


def one(word: str, known: Collection[str]) -> Grant:
    shown = printable(word)
    plain, mark, _query = word.partition("?")
    match = SHAPE.fullmatch(plain)
    letters = (V1.get(match[2]) or match[2]) if match else ""
    if not match or not letters or letters != ordered(letters):
        raise BadScope(UNKNOWN, scope=shown)
    if mark:
        raise BadScope(GRANULAR, scope=shown, plain=plain)
    if known and match[1] != EVERY and match[1] not in known:
        raise BadScope(UNHOSTED, scope=shown)
    return of({match[1]: letters})


def printable(word: str) -> str:
    """What an error_description may hold of it (RFC 6749 5.2)."""
    return re.sub(r'[^\x21-\x7e]|["\\]', "?", word[:80])


def granted(text: str, allowed: Grant, known: Collection[str]) -> tuple[Grant, str]:
    """(the grant, the scopes as the client is told them): as they were asked for where they are given whole, else narrower. Raises BadScope."""
    asked = [(word, one(word, known)) for word in text.split()]
    if not asked:
        raise BadScope(EMPTY)
    given = [(word, part, narrow(part, allowed)) for word, part in asked]
    if not any(found.rows for *_, found in given):
        raise BadScope(NOTHING, allowed=str(allowed))
    told = [word if found == part else str(found) for word, part, found in given if found.rows]
    return united(found for *_, found in given), " ".join(dict.fromkeys(" ".join(told).split()))
