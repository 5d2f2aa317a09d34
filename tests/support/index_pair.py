"""Two hospitals and their rows of the index."""

import pytest

from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
)


@pytest.fixture
def two(server: str) -> tuple[Api, Api]:
    a, b = alliance.make_hospital("one"), alliance.make_hospital("two")
    return Api(server, a.code, credentials=alliance.make_credentials(a)), Api(
        server, b.code, credentials=alliance.make_credentials(b)
    )


def source(api: Api, reference: str) -> SourcePatient:
    return SourcePatient.objects.get(hospital__code=api.base, fhir_id=reference.split("/")[1])
