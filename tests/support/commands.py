"""Commands that the pages for readers show."""

import re

from tests.conftest import ROOT


def commands(page: str, first: str) -> list[str]:
    """The lines of the shell block that begins with first."""
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.S):
        if block.startswith(first):
            return [line for line in block.splitlines() if line and not line.startswith("#")]
    raise AssertionError(f"{page} has no block that begins with {first!r}")
