"""A member's system and a foreign one, each with a token."""

import pytest

from tests.factories import alliance
from tests.factories.fhir import Api


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.hospital("own")
    return Api(server, at.code, credentials=alliance.credentials(at))


@pytest.fixture
def stranger(server: str) -> Api:
    at = alliance.hospital("other")
    return Api(server, at.code, credentials=alliance.credentials(at))
