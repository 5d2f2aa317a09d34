"""A migration does the same in ten years: it imports nothing of the code that changes around it
(docs/how-to/schema.md). What it needs of that lies frozen beside it, in `_….py` or `.sql`.
"""

import ast
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

APPS = ("alliance", "consent", "records")
TAKEN = frozenset({"django", "psycopg", *sys.stdlib_module_names})


def migrations() -> list[Path]:
    return sorted(p for app in APPS for p in (ROOT / app / "migrations").glob("*.py"))


def imported(tree: ast.Module) -> set[str]:
    """Whole names of the modules, wherever in the file they are imported; of `from a import b`
    a.
    """
    found = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    found |= {
        "." * n.level + (n.module or "") for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
    }
    return found | {
        ast.unparse(n)
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and ast.unparse(n.func).split(".")[-1] in ("import_module", "__import__")
    }


def foreign(text: str, app: str) -> set[str]:
    """What is imported and is neither Django's, the driver's, Python's own, nor frozen beside
    the migration.
    """
    frozen = f"{app}.migrations._"
    return {
        m
        for m in imported(ast.parse(text))
        if m.split(".")[0] not in TAKEN
        and not (m.startswith(frozen) and "." not in m.removeprefix(frozen))
    }


@pytest.mark.parametrize("path", migrations(), ids=lambda p: f"{p.parts[-3]}.{p.stem}")
def test_it_imports_no_live_code(path: Path) -> None:
    app, text = path.parts[-3], path.read_text()
    assert not (found := foreign(text, app)), (
        f"{path.relative_to(ROOT)} imports {', '.join(sorted(found))}: copy what it needs of that"
        f" into {app}/migrations/_….py, as it is today"
    )
    assert ".parent" not in text, (
        f"{path.relative_to(ROOT)} reads a file elsewhere: lay it beside the migration, under the"
        " migration's own name"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from consent.templates import compose", {"consent.templates"}),
        (
            "def forward(apps, editor):\n    from records.fhir.hashes import named",
            {"records.fhir.hashes"},
        ),
        ("import alliance.encryption.fields", {"alliance.encryption.fields"}),
        (
            (
                "from importlib import import_module\nB ="
                " import_module('records.mpi.matching.blocking')"
            ),
            {"import_module('records.mpi.matching.blocking')"},
        ),
        (
            "from records.migrations._build_index import BuildIndex",
            {"records.migrations._build_index"},
        ),  # another app's may go with that app
        ("from ..labels import LABELS", {"..labels"}),
        (
            (
                "from consent.migrations._encrypted_fields import EncryptedTextField\nimport"
                " django.db.models.deletion\nfrom typing import Any\nimport psycopg"
            ),
            set(),
        ),
    ],
)
def test_what_is_live_is_found(text: str, found: set[str]) -> None:
    assert foreign(text, "consent") == found


def test_what_is_frozen_is_used() -> None:
    texts = [p.read_text() for p in migrations()]
    for path in (p for p in migrations() if p.stem.startswith("_") and p.stem != "__init__"):
        assert any(f"{path.parts[-3]}.migrations.{path.stem} import" in t for t in texts), (
            f"{path.relative_to(ROOT)} is used by no migration"
        )
    for path in (p for app in APPS for p in (ROOT / app / "migrations").glob("*.sql")):
        assert 'with_suffix(".sql")' in path.with_suffix(".py").read_text(), (
            f"{path.relative_to(ROOT)} is read by no migration"
        )
