"""Mutation testing of the gate's engine: each small change of its rules must be told apart by
the oracle or by the truth table.

`python -m tests.oracle.mutate [--show]` prints the score and the mutants that live. Each mutant
runs in a process of its own that imports the engine anew, with one change; what it decides in the
prepared worlds is held against what the oracle says.
"""

import argparse
import ast
import importlib
import importlib.abc
import importlib.util
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[2]
ENGINE = [
    "consent.compile",
    "consent.criteria",
    "consent.decide",
    "consent.labels",
    "consent.provision",
    "consent.purposes",
    "consent.strength",
    *(f"consent.rules.{p.stem}" for p in sorted((ROOT / "consent/rules").glob("[a-z]*.py"))),
]
WORLDS = 2500
COMPARE = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
BINARY: dict[type, type] = {
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
NAMES = {
    "ALWAYS": "NEVER",
    "NEVER": "ALWAYS",
    "both": "either",
    "either": "both",
    "True": "False",
    "any": "all",
    "all": "any",
}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.AST, Any]]:
    """(line, what, node, how to change it); applied and taken back by the caller, one at a time."""
    tables = {
        id(n) for x in ast.walk(tree) for d in getattr(x, "decorator_list", []) for n in ast.walk(d)
    }
    for node in ast.walk(tree):
        if id(node) in tables:
            continue
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARE:
            yield line, "compare", node, ("ops", [COMPARE[type(node.ops[0])](), *node.ops[1:]])
        elif isinstance(node, ast.BoolOp):
            yield (
                line,
                "and/or",
                node,
                ("op", ast.Or() if isinstance(node.op, ast.And) else ast.And()),
            )
            for i in range(len(node.values)):
                if len(node.values) > 1:
                    yield (
                        line,
                        "drop an operand",
                        node,
                        (
                            "values",
                            node.values[:i]
                            + node.values[i + 1 :]
                            + ([node.values[1 - i]] if len(node.values) == 2 else []),
                        ),
                    )
        elif isinstance(node, ast.BinOp) and type(node.op) in BINARY and not annotation(node):
            yield line, "operator", node, ("op", BINARY[type(node.op)]())
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield line, "not", node, ("operand", ast.UnaryOp(ast.Not(), node.operand))
        elif isinstance(node, ast.If):
            yield line, "condition", node, ("test", ast.UnaryOp(ast.Not(), node.test))
        elif isinstance(node, ast.IfExp):
            yield line, "choice", node, ("test", ast.UnaryOp(ast.Not(), node.test))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
            yield line, node.id, node, ("id", NAMES[node.id])
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield line, "constant", node, ("value", not node.value)


def annotation(node: ast.BinOp) -> bool:
    """A union of types, such as bool | None."""
    return any(
        isinstance(x, ast.Constant) and x.value is None for x in (node.left, node.right)
    ) or (
        isinstance(node.right, ast.Name)
        and node.right.id[:1].isupper()
        and node.right.id != "LEVELS"
    )


class Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed tree."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name, self.tree = name, tree

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module: Any) -> None:
        module.__file__ = str(ROOT / (self.name.replace(".", "/") + ".py"))
        exec(compile(self.tree, self.name, "exec"), module.__dict__)


def prepared() -> list[tuple[Any, Any, list[tuple[str, str, list[bool]]]]]:
    """Worlds with what the oracle says of each: (world, things, [(hospital, staff, verdicts)])."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    from tests.oracle import pure, worlds
    from tests.oracle.evaluator import may_see

    rng, codes, things = random.Random(11), ["one", "two", "three"], []
    for code in codes:
        mine = [worlds.thing(code, b) for b in worlds.records("Patient/p", rng, 24)]
        for t in mine:
            t.around = mine
        things += mine
    out = []

    @settings(
        max_examples=WORLDS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def collect(data: Any) -> None:
        world = worlds.world(data, codes)
        out.append(
            (
                world,
                things,
                [
                    (
                        h,
                        s,
                        [may_see(world, world.looker(h, s, "TREAT", pure.NOW), t) for t in things],
                    )
                    for h, s in (("one", "7"), ("two", "8"))
                ],
            )
        )

    collect()
    return out


def differs(cases: Any) -> bool:
    """Whether the engine, as imported now, decides any of them otherwise, or fails the truth
    table.
    """
    from alliance.auth.principal import Principal
    from alliance.roles import Permission, Role
    from consent.audit.event import EventCode
    from consent.criteria import NEVER
    from consent.decide import decide_access
    from consent.terms import AccessRequest, Refused, Source
    from tests.oracle import pure
    from tests.unit import test_compile, test_decide, test_provision, test_strength

    try:
        for module in (test_decide, test_compile, test_provision, test_strength):
            for name, test in list(vars(module).items()):
                marks = getattr(test, "pytestmark", []) if name.startswith("test_") else []
                if marks:
                    for case in marks[0].args[1]:
                        test(*(case if isinstance(case, tuple) else (case,)))
                elif name.startswith("test_"):
                    test()
        codes = ["one", "two", "three"]
        sources = tuple(Source(i, i, c, "p", UUID(int=i)) for i, c in enumerate(codes, 1))
        for world, things, said in cases:
            for hospital, staff, verdicts in said:
                facts = pure.facts_of(world, staff=staff)
                viewer = Principal(
                    "staff", staff, codes.index(hospital) + 1, hospital, Role.CLINICIAN
                )
                try:
                    seen = dict(
                        decide_access(
                            AccessRequest(
                                viewer,
                                Permission.RECORD_READ,
                                EventCode.RECORD_OPEN,
                                "o",
                                sources=sources,
                                all_sources=sources,
                            ),
                            facts,
                        ).patients
                    )
                except Refused:
                    seen = {}
                if [
                    pure.fits(seen.get(codes.index(t.hospital) + 1, NEVER), t) for t in things
                ] != verdicts:
                    return True
    except BaseException:
        return True
    return False


def lives(module: str, tree: ast.Module, cases: Any) -> bool:
    """Run the changed engine in a child; True where nobody noticed."""
    child = os.fork()
    if child == 0:
        for name in [
            n
            for n in sys.modules
            if n.startswith(("consent.", "tests.unit"))
            and not n.startswith(("consent.audit", "consent.models", "consent.apps"))
        ]:
            del sys.modules[name]
        sys.meta_path.insert(0, Instead(module, tree))
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.dup2(devnull, 2)
        os._exit(1 if differs(cases) else 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def run(show: bool = False) -> tuple[int, list[str]]:
    """(how many mutants there were, those that live)."""
    cases = prepared()
    assert not differs(cases), "the engine itself does not agree with the oracle"
    count, alive = 0, []
    for name in ENGINE:
        path = ROOT / (name.replace(".", "/") + ".py")
        tree = ast.parse(path.read_text())
        text = path.read_text().splitlines()
        for line, what, node, (field, value) in list(mutants(tree)):
            before = getattr(node, field)
            setattr(node, field, value)
            ast.fix_missing_locations(tree)
            count += 1
            if lives(name, tree, cases):
                alive.append(
                    f"{path.relative_to(ROOT)}:{line} {what}: {text[line - 1].strip()[:140]}"
                )
                if show:
                    print(alive[-1], flush=True)
            setattr(node, field, before)
    return count, alive


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", action="store_true")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    total, living = run(parser.parse_args().show)
    print(
        f"{total} mutants, {total - len(living)} killed:"
        f" {100 * (total - len(living)) / total:.1f} %"
    )
