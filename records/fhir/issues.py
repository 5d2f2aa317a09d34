"""What is wrong with an input: plain errors with a code, a place (FHIRPath) and a mend. No HTTP here."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """code: FHIR IssueType; where: FHIRPath; says: what is wrong and how to mend it."""

    code: str
    says: str
    where: str = ""
    severity: str = "error"


def first(issues: Sequence[Issue], most: int) -> list[Issue]:
    """So many of them; of the others, how many they are."""
    more = len(issues) - most
    return [*issues[:most], Issue("informational", f"There are {more} more: mend these first.", issues[most - 1].where, "information")] if more > 0 else list(issues)


class Problem(Exception):
    """An input that cannot be taken. `kind` names the row of records.fhir.outcome.STATUS."""

    kind = "invalid"

    def __init__(self, *issues: Issue) -> None:
        super().__init__(issues[0].says if issues else self.kind)
        self.issues = issues

    @property
    def code(self) -> str:
        return self.kind

    def at(self, prefix: str) -> "Problem":
        """The same problem, seen from the bundle that it came in."""
        moved = type(self)(*(Issue(i.code, i.says, f"{prefix}.{i.where}" if i.where else prefix, i.severity) for i in self.issues))
        return moved

    def inside(self, place: str) -> "Problem":
        """The same problem of a resource, whose FHIRPath is place: Patient.name becomes Bundle.entry[1].resource.name."""
        return type(self)(*(Issue(i.code, i.says, f"{place}.{i.where.partition('.')[2] or i.where}", i.severity) for i in self.issues))


class Malformed(Problem):
    kind = "malformed"


class Unprocessable(Problem):
    kind = "unprocessable"


class NotFound(Problem):
    kind = "not-found"


class Gone(Problem):
    kind = "gone"


class Conflict(Problem):
    kind = "conflict"


class PreconditionFailed(Problem):
    kind = "precondition"


class NotSupported(Problem):
    kind = "not-supported"


class TooLarge(Problem):
    kind = "too-large"


class WrongMediaType(Problem):
    kind = "media-type"


class NotAcceptable(Problem):
    kind = "not-acceptable"


class MethodNotAllowed(Problem):
    kind = "method"
