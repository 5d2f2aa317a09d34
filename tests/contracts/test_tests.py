"""What the tests hold each other to."""

import ast
from pathlib import Path

from tests.support.sources import ROOT

TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Modules that a file imports, inside of functions too."""
    return {
        m
        for n in ast.walk(ast.parse(path.read_text()))
        for m in (
            [n.module or ""]
            if isinstance(n, ast.ImportFrom)
            else [a.name for a in n.names]
            if isinstance(n, ast.Import)
            else []
        )
    }


def test_nobody_imports_a_test() -> None:
    """What several tests need lies in one place: tests/factories makes hospitals, people and
    records, tests/support does something with them and reads what came of it.
    """
    found = [
        (p.relative_to(ROOT).as_posix(), m)
        for p in TESTS
        for m in imported(p)
        if m.startswith("tests.") and m.rpartition(".")[2].startswith("test_")
    ]
    assert not found, f"move what they share to tests/support: {found}"
    assert any("tests.support.world" in imported(p) for p in TESTS), "the control"
