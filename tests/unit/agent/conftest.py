"""An outbox of a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from records.agent.outbox import Outbox


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path)
    yield outbox
    outbox.close()
