"""What a search asks for, parsed, and the limits and common parameters of searches (FHIR R4
search.html).
"""

from dataclasses import dataclass, field

from records.fhir.issues import Issue, Problem
from records.search.include import INCLUDES, Include
from records.search.kinds import near
from records.search.search_parameters import SearchParameter
from records.search.search_terms import SearchCondition
from records.search.subjects import Subjects
from records.search.summary_view import View, whole_view
from records.search.text_search import TextCondition

MAX_COUNT, USUAL_COUNT = 1000, 50

TEXTS = ("_text", "_content")

COMMON = (
    "_id",
    "_lastUpdated",
    "_count",
    "_sort",
    "_total",
    "_summary",
    "_elements",
    "_type",
    "_list",
    *TEXTS,
    *INCLUDES,
    "_format",
    "_pretty",
    "_cursor",
)


class BadSearch(Problem):
    kind = "invalid"


@dataclass(frozen=True, slots=True)
class SortKey:
    """By a column of the row ("dated", "updated", "id") or by a parameter; place: of which the
    distance is meant.
    """

    column: str = "updated"
    by: SearchParameter | None = None
    descending: bool = True
    place: near.SearchPlace | None = None


@dataclass(slots=True)
class SearchRequest:
    """types: of what; none named means all. subjects: only resources about these."""

    types: tuple[str, ...]
    conditions: list[SearchCondition] = field(default_factory=list)
    subjects: list[Subjects] = field(default_factory=list)
    ids: list[str] | None = None
    sorts: list[SortKey] = field(default_factory=list)
    count: int = USUAL_COUNT
    counting: bool = False  # _summary=count: the total alone
    total: bool = False  # _total=accurate
    cursor: str = ""
    includes: list[Include] = field(default_factory=list)
    view: View = whole_view  # which elements of each resource the answer shows
    texts: list[TextCondition] = field(default_factory=list)
    # the parameter that is decided by a look into each resource that the others find
    # (records/search/post_filter.py)
    post_filtered_by: str = ""
    place: near.SearchPlace | None = None  # from which the distance of each match is told
    names: list[str] = field(
        default_factory=list
    )  # for the audit line: which parameters, never their values
    keys: list[str] = field(default_factory=list)  # which parameters, as they were asked


def parameter_error(key: str, says: str) -> BadSearch:
    return BadSearch(Issue("invalid", f"Search parameter {key}: {says}"))
