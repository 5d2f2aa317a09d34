"""Compartments: which resources belong to one Patient, Encounter, Practitioner … (FHIR R4 compartmentdefinition.html). TABLE
compartments.json, generated from the official CompartmentDefinitions."""

from records.fhir.issues import Issue, NotSupported
from records.fhir.types import TYPES, table
from records.search.composite import joined
from records.search.parse import condition
from records.search.terms import Condition

SELF = "{def}"


def members(kind: str, type_name: str) -> tuple[str, ...]:
    """The types that the search is about: one, or for * all of the compartment. Raises NotSupported."""
    known = table("compartments").get(kind)
    if known is None:
        raise NotSupported(Issue("not-supported", f"There is no compartment {kind!r}; there are {', '.join(sorted(table('compartments')))}."))
    if type_name == "*":
        return tuple(t for t, ways in known.items() if ways)
    if not known.get(type_name):
        raise NotSupported(Issue("not-supported", f"{type_name} is not part of a {kind}'s compartment; its types are {', '.join(sorted(t for t, w in known.items() if w))}."))
    return (type_name,)


def belongs(kind: str, fhir_id: str, types: tuple[str, ...]) -> Condition:
    """Rows of these types that belong to kind/fhir_id."""
    found = []
    for name in types:
        ways = [Condition("{r}.fhir_id = {0}", (fhir_id,)) if w == SELF else condition(name, w, f"{kind}/{fhir_id}") for w in table("compartments")[kind][name]]
        found.append(Condition(f"{{r}}.type = {TYPES[name].number} AND ({(both := joined(' OR ', ways)).sql})", both.values))
    return joined(" OR ", found) if found else Condition("false", ())
