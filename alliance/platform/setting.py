"""Define a setting of the environment, and the refusal of a value that is not understood."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Parser = Callable[[str], Any]
SHOWN = 60  # characters of a wrong value that are repeated
REASON = 150  # characters of a reason, which may repeat it


class StartRefused(Exception):
    """Nothing starts: the text is one line that says why, and the mend."""


@dataclass(frozen=True, slots=True)
class Setting:
    """allowed: in words, for the refusal and the table in docs/how-to/configure.md. secret: a
    wrong value is not repeated.
    """

    name: str
    parse: Parser
    default: str
    allowed: str
    meaning: str
    shown: str = ""  # the default as the docs say it
    secret: bool = False

    def read_from(self, environment: Mapping[str, str]) -> Any:
        """Raises StartRefused."""
        said = environment.get(self.name)
        if said is None:
            return self.parse(self.default)
        if said != said.strip() or not said.isprintable():
            raise StartRefused(
                f"{self.name} has a blank at its end, or a character that cannot be seen (a line"
                f" break, say): take it away. Allowed: {self.allowed}."
            )
        try:
            return self.parse(said)
        except ValueError as error:
            repeated = (
                "what is set (not repeated here, for it is secret)"
                if self.secret
                else repr(said[:SHOWN])
            )
            why = f" ({str(error)[:REASON]})" if str(error) and not self.secret else ""
            raise StartRefused(
                f"{self.name}: {repeated} is not understood{why}. Allowed: {self.allowed}."
            ) from None
