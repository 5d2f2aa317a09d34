"""The department that asks, as a system names it: a code or a short name, of no patient."""

import re

from records.fhir.issues import Issue
from records.search.search_request import BadSearch

DEPARTMENT = re.compile(r"[\w\u4e00-\u9fff.（）()-][\w\u4e00-\u9fff.（）() -]{0,39}")


def check_department(given: str) -> str:
    """It, or "" where none is named. Raises BadSearch."""
    if given and not DEPARTMENT.fullmatch(given):
        raise BadSearch(
            Issue(
                "invalid",
                "Parameter department: a code or name of up to 40 letters, digits and characters.",
            )
        )
    return given
