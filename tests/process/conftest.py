"""One installation for all tests of this room."""

from collections.abc import Iterator

import pytest

from tests.process.installation import Installation
from tests.until import until


@pytest.fixture(scope="session")
def made() -> Iterator[Installation]:
    installation = Installation()
    installation.start()
    yield installation
    installation.remove()


@pytest.fixture(scope="session")
def credentials(made: Installation) -> tuple[str, str]:
    until(lambda: (made.home / "demo-records").exists(), "the demo is loaded")
    return made.register("donghu")
