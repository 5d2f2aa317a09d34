"""The examples that HL7 publishes with FHIR R4: all of them where they lie beside the checkout,
else a sample that comes with the tests, one of each type that is served.
"""

import json
import tarfile
from collections.abc import Iterator

from tests.support.sources import ROOT

ALL = ROOT.parent / "shared/data/fhir-r4-examples.tar.gz"
SAMPLE = (
    ROOT / "tests/fixtures/r4-examples.ndjson"
)  # every Consent, of the other types one of middling length; without narratives


def sample() -> list[bytes]:
    return SAMPLE.read_bytes().splitlines()


def everything() -> list[bytes]:
    """Of all types, as published; the sample where they are not here."""
    if not ALL.exists():
        return sample()
    with tarfile.open(ALL) as archive:
        return [
            archive.extractfile(m).read() for m in archive.getmembers() if m.name.endswith(".json")
        ]  # type: ignore[union-attr]


def read(texts: list[bytes], *types: str) -> Iterator[dict[str, object]]:
    """Those of the types."""
    return (r for r in map(json.loads, texts) if r.get("resourceType") in types)
