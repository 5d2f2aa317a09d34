"""A member's machine with the agent on it: a home, and the command line."""

import os
import stat
from pathlib import Path

import pytest

from records.agent.cli import main
from records.agent.key_files import KEY


class Agent:
    """A home, and the command line."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.capsys = home / "agent", capsys

    def run(self, *words: str, language: str = "zh") -> tuple[int, str]:
        self.capsys.readouterr()
        status = main(["--home", str(self.home), "--language", language, *words])
        said = self.capsys.readouterr()
        return status, said.out + said.err

    def mode(self, name: str) -> int:
        return stat.S_IMODE(os.stat(self.home / name).st_mode)

    def key(self) -> str:
        return (self.home / KEY).read_text()
