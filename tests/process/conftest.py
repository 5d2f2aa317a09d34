"""One installation for all tests of this room."""

import shutil
from collections.abc import Iterator

import pytest

from tests.process.installation import Installation
from tests.until import until


@pytest.fixture(scope="session")
def made() -> Iterator[Installation]:
    installation = Installation()
    installation.start()
    yield installation
    if installation.process and installation.process.poll() is None:
        installation.interrupt()
    shutil.rmtree(installation.home, ignore_errors=True)


@pytest.fixture(scope="session")
def credentials(made: Installation) -> tuple[str, str]:
    until(lambda: (made.home / "demo-records").exists(), "the demo is loaded")
    return made.register("donghu")
