"""The glossary speaks of the code that there is: every name of code that stands in backticks in
docs/glossary.md is a module, function, class or attribute (by AST), or a table or column of
docs/schema.sql.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE_NAME = re.compile(r"[A-Za-z]\w*(?:\.\w+)*")


class Names:
    """What can be named. modules: dotted name → top-level names; classes: module.Class → its
    attributes; tables: name → columns.
    """

    def __init__(self) -> None:
        self.modules: dict[str, set[str]] = {}
        self.classes: dict[str, set[str]] = defaultdict(set)
        self.tables: dict[str, set[str]] = {}
        for app in ("alliance", "consent", "records"):
            for path in (ROOT / app).rglob("*.py"):
                if "migrations" not in path.parts:
                    self.read_module(path)
        schema = (ROOT / "docs/schema.sql").read_text()
        for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)", schema, re.S):
            self.tables[table] = set(re.findall(r"^ {4}\"?([a-z]\w*)", body, re.M))

    def read_module(self, path: Path) -> None:
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        dotted = dotted.removesuffix(".__init__")
        tree = ast.parse(path.read_text())
        self.modules[dotted] = defined_names(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self.classes[f"{dotted}.{node.name}"] |= defined_names(node.body)

    def has(self, name: str) -> bool:
        """name: a module, table, function or class; or `owner.part` of any of these."""
        if name in self.tables or self.has_module(name):
            return True
        owner, _, last = name.rpartition(".")
        if not owner:
            return any(last in names for names in (*self.modules.values(), *self.tables.values()))
        owners = {**self.modules, **self.classes}
        return last in self.tables.get(owner, ()) or any(
            last in names for dotted, names in owners.items() if ends_with(dotted, owner)
        )

    def has_module(self, name: str) -> bool:
        return any(ends_with(dotted, name) for dotted in (*self.modules, *self.classes))


def defined_names(body: list[ast.stmt]) -> set[str]:
    found: set[str] = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def ends_with(dotted: str, name: str) -> bool:
    return f".{dotted}".endswith(f".{name}")


def code_names(page: str) -> list[str]:
    """What stands in backticks and looks like a name of code: no path, parameter or address."""
    return [t for t in re.findall(r"`([^`\n]+)`", page) if CODE_NAME.fullmatch(t)]


@pytest.fixture(scope="module")
def names() -> Names:
    return Names()


def test_every_code_name_of_the_glossary_exists(names: Names) -> None:
    found = code_names((ROOT / "docs/glossary.md").read_text())
    assert len(found) > 200
    assert not [n for n in found if not names.has(n)]


@pytest.mark.parametrize(
    "name",
    [
        "consent.gate",
        "gate.authorize_access",
        "RowScope",
        "auth.principal.Principal.grant",
        "Strength.FULL",
        "record_resource.marks",
        "execute_with_audit",
    ],
)
def test_a_name_that_exists_is_found(names: Names, name: str) -> None:
    assert code_names(f"| x | `{name}` |") == [name]
    assert names.has(name)


@pytest.mark.parametrize(
    "name",
    [
        "witnessed",
        "consent.wall",
        "gate.made_up",
        "Principal.made_up",
        "record_resource.made_up",
        "made_up.authorize_access",
        "made_up.Principal.grant",
        "authorize_access.gate",
    ],
)
def test_a_made_up_name_is_missed(names: Names, name: str) -> None:
    assert code_names(f"| x | `{name}` |") == [name]
    assert not names.has(name)


def test_each_term_has_chinese_english_code_and_standard() -> None:
    rows = [
        line
        for line in (ROOT / "docs/glossary.md").read_text().splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]
    assert len(rows) > 150
    assert not [row for row in rows if row.count("|") - row.count(r"\|") != 5]
    terms = [row.split("|")[1].strip() for row in rows]
    assert not {t for t in terms if terms.count(t) > 1 and t != "中文"}
