"""Read the separators of a message from its header, and undo its escape sequences (HL7 v2, 2.5.4
and 2.7).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_ESCAPE = 200  # characters between two escape characters
LINE_BREAK = re.compile(r"\.(br|sp|ce)(\+?\d*)")
FORMATTING = re.compile(r"[HN]|\.(fi|nf|in[+-]?\d*|ti[+-]?\d*|sk\+?\d*)")
HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")


class NoHeader(ValueError):
    """The text does not begin with a usable MSH segment."""


@dataclass(frozen=True)
class Separators:
    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @staticmethod
    def read(header: str) -> Separators:
        """From MSH-1 and MSH-2; where MSH-2 is short, the usual ones stand for the rest."""
        if not header.startswith(("MSH", "FHS", "BHS")) or len(header) < 5:
            raise NoHeader(header[:20])
        field = header[3]
        signs = header[4:].split(field, 1)[0]
        if not signs:
            raise NoHeader(header[:20])
        usual = "^~\\&"
        signs = signs[:4] + usual[len(signs[:4]) :]
        found = Separators(field, signs[0], signs[1], signs[2], signs[3])
        every = {field, *signs}
        if len(every) < 5 or any(c.isalnum() or c.isspace() for c in every):
            raise NoHeader(header[:20])
        return found

    def unescape(self, text: str, codec: str = "utf-8") -> str:
        """Undo the escape sequences; one that is unknown, or has no end, stays as it was sent."""
        if self.escape not in text:
            return text
        out: list[str] = []
        at = 0
        while True:
            start = text.find(self.escape, at)
            end = text.find(self.escape, start + 1) if start >= 0 else -1
            if end < 0:
                return "".join(out) + text[at:]
            out.append(text[at:start])
            known = self._meaning(text[start + 1 : end], codec)
            if known is None:  # the second sign may begin a sequence that is one
                out.append(text[start:end])
                at = end
            else:
                out.append(known)
                at = end + 1

    def _meaning(self, sequence: str, codec: str) -> str | None:
        if len(sequence) > LONGEST_ESCAPE:
            return None
        signs = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
        }
        if sequence in signs:
            return signs[sequence]
        broken = LINE_BREAK.fullmatch(sequence)
        if broken:
            count = int(broken.group(2).lstrip("+") or 1) if broken.group(1) == "sp" else 1
            return "\n" * min(count, 10)
        if FORMATTING.fullmatch(sequence):
            return ""
        coded = HEX.fullmatch(sequence)
        if coded:
            text = bytes.fromhex(coded.group(1)).decode(codec, "replace")
            return text.replace("\r\n", "\n").replace("\r", "\n")
        return None

    def escaped(self, text: str) -> str:
        """The other way, for an answer that quotes what came."""
        text = text.replace(self.escape, f"{self.escape}E{self.escape}")
        for sign, letter in (
            (self.field, "F"),
            (self.component, "S"),
            (self.repetition, "R"),
            (self.subcomponent, "T"),
        ):
            text = text.replace(sign, f"{self.escape}{letter}{self.escape}")
        return " ".join(text.split())
