"""Load the stand-alone verifier of evidence packages, which is the one implementation of its checks
(tools/verify.py), and ask besides what the installation alone knows: whether the log of today still
leads to a package's head (docs/implementation/evidence-package.md).
"""

import importlib.util
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from consent.audit.kept_head import KeptHead
from consent.audit.signing_keys import PinnedKey
from consent.audit.tree_head import TreeHead
from consent.audit.verify import verify_log

FOLDER = Path(__file__).resolve().parents[2] / "tools"
VERIFIERS = ("verify.py", "verify.html")  # what a package carries along
LOG_DIFFERS = "log-differs"
LOG_WORDS = ("今天的日志：{why}", "the log of today: {why}")


@lru_cache(maxsize=1)
def load_verifier() -> Any:
    """The module of tools/verify.py. Raises FileNotFoundError where the release has lost it."""
    path = FOLDER / VERIFIERS[0]
    spec = importlib.util.spec_from_file_location("xinglin_package_verifier", path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"{path} is missing: it belongs to the release; install it anew")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look it up
    spec.loader.exec_module(module)
    module.WORDS[LOG_DIFFERS] = LOG_WORDS
    return module


def verify_package(
    path: Path,
    pins: Iterable[PinnedKey],
    *,
    witnesses: Iterable[PinnedKey] = (),
    against: Path | None = None,
    against_log: bool = False,
) -> Any:
    """Check a package, or a signed opinion; returns the Report of tools/verify.py. against_log:
    this installation's log must lead to a package's head and hold its lines.
    """
    verifier, leaves = load_verifier(), dict[int, bytes]()
    pins = list(pins)
    report = verifier.verify_file(
        path,
        as_verifier_keys(pins),
        against=against,
        witnesses=as_verifier_keys(witnesses),
        on_leaf=leaves.__setitem__ if against_log else None,
    )
    if against_log and report.facts and not report.opinion:
        head = TreeHead.from_json(verifier.Package(path).read_json("manifest.json")["head"])
        kept = KeptHead(head, f"{path.name} keeps", leaves)
        for fault in verify_log([kept], pins).faults:
            report.tell(LOG_DIFFERS, why=fault)
        report.notes = [note for note in report.notes if note[0] != "today"]
    return report


def as_verifier_keys(pins: Iterable[PinnedKey]) -> list[Any]:
    known = load_verifier().PinnedKey
    return [known(p.fingerprint, p.key, p.since, p.until) for p in pins]
