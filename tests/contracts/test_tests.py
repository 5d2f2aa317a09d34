"""What the tests hold each other to."""

import ast
import re
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


def drawn_by_chance(path: Path) -> set[str]:
    """What a file takes from a source that no seed begins: `random.choice` and the like, and
    `secrets`.
    """
    found = imported(path) & {"secrets"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "random":
            found |= {f"random.{node.attr}"} - {"random.Random", "random.seed"}
        if isinstance(node, ast.Call) and ast.unparse(node) == "random.Random()":
            found.add("random.Random()")
    return found


def test_what_a_test_draws_it_draws_again() -> None:
    """Names, numbers and scenarios come from `tests/draws.py`, or from a Random with a seed: a
    test that holds for most draws only is refused here or never.
    """
    found = {
        p.relative_to(ROOT).as_posix(): drawn
        for p in TESTS
        if not p.relative_to(ROOT).as_posix().startswith(("tests/perf/", "tests/chaos/"))
        and p.name != "test_graph.py"  # hypothesis gives it a `random` of its own
        and (drawn := drawn_by_chance(p))
    }
    assert not found, f"draw by tests/draws.py: {found}"
    assert drawn_by_chance(ROOT / "tests/chaos/__main__.py") == {"secrets"}, "the control"


ALL_LINES = re.compile(r"AuditFilter\(\), None, [12]\)")


def test_a_test_reads_lines_of_its_own() -> None:
    """The newest line of the whole alliance is anybody's: the sealer adds counted refusals."""
    found = [p.relative_to(ROOT).as_posix() for p in TESTS if ALL_LINES.search(p.read_text())]
    assert not found, f"filter by person, hospital or code: {found}"
    assert ALL_LINES.search("list_audit_lines(AuditFilter()" + ", None, 1)"), "the control"
