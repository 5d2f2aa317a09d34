"""Where tests keep their state; a plugin named on pytest's command line, because it must be set
before the settings are read.
"""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

from tests import draws

pytest.register_assert_rewrite(
    "tests.support", "tests.factories"
)  # their failures show values, as those of tests do

HOME = tempfile.mkdtemp(prefix="xinglin-test-")
os.chmod(HOME, 0o711)
atexit.register(
    shutil.rmtree, HOME, ignore_errors=True
)  # what is registered first runs last: after the server has left
draws.begin_stream("")  # what modules draw when they are read
os.environ["XINGLIN_HOME"] = HOME
os.environ["XINGLIN_DEMO"] = "0"
os.environ["XINGLIN_PG_OPTIONS"] = "fsync=off,synchronous_commit=off,full_page_writes=off"
WORKER = int(
    os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
)  # `make test` runs two workers side by side, each with a home of its own
HOOK_PORTS = range(18600 + 20 * WORKER, 18620 + 20 * WORKER)
os.environ["XINGLIN_HOOKS"] = ",".join(f"http://127.0.0.1:{p}" for p in {18600, *HOOK_PORTS})
os.environ.pop("XINGLIN_PROCESS", None)
# a property is tried on the same examples each time, unless XINGLIN_SEED asks for others
settings.register_profile(
    "the same again", derandomize="XINGLIN_SEED" not in os.environ, deadline=None, database=None
)
settings.load_profile("the same again")
METRICS = "a-token-of-the-tests-for-metrics-0123456789"
os.environ["XINGLIN_METRICS_TOKEN"] = METRICS


def pytest_runtest_logstart(nodeid: str) -> None:
    draws.begin_stream(nodeid)
