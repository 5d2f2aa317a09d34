"""What is wrong with an input: plain errors with a code, a place (FHIRPath) and advice on how to
fix it. No HTTP here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Issue:
    """code: FHIR IssueType; where: FHIRPath; says: what is wrong and how to mend it. rule: its
    name, where it has words in other languages (records/sync/rules.py), which name these words.
    """

    code: str
    says: str
    where: str = ""
    severity: str = "error"
    rule: str = ""
    words: tuple[tuple[str, str], ...] = ()


def truncate_issues(issues: Sequence[Issue], most: int) -> list[Issue]:
    """So many of them; of the others, how many they are."""
    more = len(issues) - most
    return (
        [
            *issues[:most],
            Issue(
                "informational",
                f"There are {more} more: mend these first.",
                issues[most - 1].where,
                "information",
            ),
        ]
        if more > 0
        else list(issues)
    )


class Problem(Exception):
    """An input that cannot be taken. `kind` names the row of
    records.fhir.operation_outcome.STATUS.
    """

    kind = "invalid"

    def __init__(self, *issues: Issue) -> None:
        super().__init__(issues[0].says if issues else self.kind)
        self.issues = issues

    @property
    def code(self) -> str:
        return self.kind

    def with_path_prefix(self, prefix: str) -> "Problem":
        """The same problem, seen from the bundle that it came in."""
        moved = type(self)(
            *(replace(i, where=f"{prefix}.{i.where}" if i.where else prefix) for i in self.issues)
        )
        return moved

    def with_resource_path(self, place: str) -> "Problem":
        """The same problem of a resource, whose FHIRPath is place: Patient.name becomes
        Bundle.entry[1].resource.name.
        """
        return type(self)(
            *(
                replace(i, where=f"{place}.{i.where.partition('.')[2] or i.where}")
                for i in self.issues
            )
        )


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
    """allowed: the methods that the address has."""

    kind = "method"
    allowed: tuple[str, ...] = ()
