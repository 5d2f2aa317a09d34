"""Messages and records of other systems beside the project, which runs without them."""

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared/data"
HL7, SYNTHEA = DATA / "hl7v2", DATA / "synthea"


def needs(folder: Path) -> None:
    """Skip the test where they are not there."""
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: real messages are not part of the project")
