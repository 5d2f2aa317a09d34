"""One installation for all tests of this room; it ends with them."""

from collections.abc import Iterator

import pytest

from tests.process.installation import Installation
from tests.wait_until import wait_until


@pytest.fixture(scope="package")
def made() -> Iterator[Installation]:
    installation = Installation()
    installation.start()
    yield installation
    installation.remove()


@pytest.fixture(scope="package")
def credentials(made: Installation) -> tuple[str, str]:
    wait_until(lambda: (made.home / "demo-records").exists(), "the demo is loaded")
    return made.register("donghu")
