"""Load the stand-alone verifier of evidence packages (tools/verify.py): the one implementation of
its checks, and of SM2 and SM3 where no library of this machine has them.
"""

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

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
