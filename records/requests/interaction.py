"""Declare what one verb at one address of the FHIR door is, beside the method that does it (FHIR R4
http.html, operations.html). Its metric, its time in the database, 405, the CapabilityStatement and
the OpenAPI description are made from this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")  # HEAD is answered as GET is
EVERY_TYPE = "*"
THE_BASE = ""
FHIR_JSON = "application/fhir+json"
HL7 = "http://hl7.org/fhir/OperationDefinition/"
Work = Literal["read", "write", "search", "transaction"]
Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Interaction:
    name: str  # as FHIR calls it, and a metric does
    work: Work  # a key of alliance.database.statement_time.SECONDS
    # Nothing is done before the first line in the audit log, or nothing that is not undone with
    # it: that line asks whether the caller's token stands.
    asks_proviso: bool = False
    async_option: bool = False  # with Prefer: respond-async it is a push
    also: tuple[str, ...] = ()  # what else of FHIR it is
    # The types of which the shared base serves it: EVERY_TYPE that is about a patient; THE_BASE,
    # where it is of none.
    at_shared_base: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()  # of the request, by which it is another
    takes: tuple[str, ...] = ()  # media types of its body
    statuses: tuple[int, ...] = (200,)  # of success
    gives: str = FHIR_JSON  # the media type of the answer, "" where it has no body

    def __call__(self, method: Method) -> Method:
        """Decorate the method that does it."""
        method.interaction = self  # type: ignore[attr-defined]
        return method


@dataclass(frozen=True, slots=True)
class Operation:
    """As the CapabilityStatement names it; definition: the canonical of its OperationDefinition."""

    name: str
    definition: str
    at_shared_base: bool = False
    at_own_base: bool = True
