"""What a page of results is narrowed to, and how far it has come: parameters of its address that
hold nothing about the patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from records.meaning.result_identity import squeeze_text
from records.meaning.result_kinds import ResultKind, kind_of_observation
from records.meaning.test_names import name_bare_code
from records.meaning.value_text import concept_text
from records.operations.shared_record import RowPosition, ShownResource
from records.web.page_position import write_row_position
from records.web.result_display import ResultLine

LONGEST_WORD = 60  # characters of a test's name that is looked for


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """kind, hospital, test: "" for all; abnormal: only what is not normal."""

    kind: str = ""
    hospital: str = ""
    test: str = ""
    abnormal: bool = False

    @property
    def narrows(self) -> bool:
        return bool(self.kind or self.hospital or self.test or self.abnormal)

    def may_accept(self, s: ShownResource) -> bool:
        """Whether reading it can give a line that is accepted: told cheaply, for most of many
        cannot.
        """
        named = [s.resource, *(s.resource.get("component") or [])] if self.test else []
        return (
            (not self.hospital or s.hospital.code == self.hospital)
            and (not self.kind or kind_of_observation(s.resource) == self.kind)
            and (not self.test or any(map(self.is_named, named)))
        )

    def is_named(self, node: dict[str, Any]) -> bool:
        """Whether its code is called so, as sent or by the name of a bare code."""
        sent = concept_text(node.get("code"))
        names = (sent, name_bare_code(node.get("code"), sent))
        return any(self.test_words in squeeze_text(name) for name in names)

    def accepts(self, line: ResultLine) -> bool:
        return (
            (not self.abnormal or line.abnormal)
            and (not self.kind or line.kind == self.kind)
            and (not self.hospital or line.hospital.code == self.hospital)
            and (
                not self.test
                or self.test_words in squeeze_text(line.result.sent_title or line.title)
                or self.test_words in squeeze_text(line.title)
            )
        )

    @property
    def test_words(self) -> str:
        return squeeze_text(self.test)

    def address_query(self, after: RowPosition | None = None) -> str:
        """The part of an address from its question mark on, "" for the first page of all."""
        found = {
            "kind": self.kind,
            "abnormal": "1" if self.abnormal else "",
            "hospital": self.hospital,
            "test": self.test,
            "after": write_row_position(after) if after else "",
        }
        query = urlencode({k: v for k, v in found.items() if v})
        return f"?{query}" if query else ""


def parse_filter(sent: Mapping[str, str]) -> ResultFilter:
    """What is not understood narrows nothing."""
    kind = sent.get("kind", "")
    return ResultFilter(
        kind if kind in {k.value for k in ResultKind} else "",
        sent.get("hospital", "")[:LONGEST_WORD].replace("\0", ""),
        sent.get("test", "").strip()[:LONGEST_WORD].replace("\0", ""),
        sent.get("abnormal") == "1",
    )
