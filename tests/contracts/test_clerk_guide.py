"""What the stopwatch runs is what the clerk's guide says, and nothing else; each command that the
guide names is one of the agent's.
"""

import re

from records.agent.commands import COMMANDS
from records.agent.commands.help_words import HELP
from tests.conftest import ROOT
from tests.perf import stopwatch

GUIDE = (ROOT / "docs/zh/agent.md").read_text()


def list_guide_lines(language: str) -> list[str]:
    blocks = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.S)
    return [line for block in blocks for line in block.splitlines() if line]


def test_the_stopwatch_runs_what_the_guide_says() -> None:
    said = [line for line in list_guide_lines("bat") if line.startswith("xinglin-agent ")]
    assert tuple(dict.fromkeys(said)) == stopwatch.COMMANDS, "in this order, none more, none less"
    assert set(stopwatch.WATCHED.split("\n")) <= {*list_guide_lines("ini"), ""}


def test_the_guide_names_commands_that_there_are() -> None:
    named = [n.replace("-", "_") for n in re.findall(r"xinglin-agent ([a-z][a-z-]+)", GUIDE)]
    assert len(named) > len(stopwatch.COMMANDS) and set(named) <= set(COMMANDS)
    assert set(HELP) == set(COMMANDS), "each is told in Chinese by --help"
    assert all(re.search(r"[\u4e00-\u9fff]", words) for words in HELP.values())
