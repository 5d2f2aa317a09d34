"""The variables of an address below a FHIR base. They match what stands between two slashes; which
types and ids there are, the interactions say, in an OperationOutcome.
"""


class TypeConverter:
    """A resource type: no operation, and nothing of our own (_bulk, _async, _search)."""

    regex = r"[^/\n$_][^/\n]*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class IdConverter(TypeConverter):
    """An id: no operation, nor what stands at its place in an address of the type."""

    regex = r"(?!\$|_search(?![^/])|_history(?![^/]))[^/\n]+"


class TypesConverter(TypeConverter):
    """The type in a compartment, or *: no operation."""

    regex = r"(?!\$)[^/\n]+"
