"""A member's system and a foreign one, each with a token; an endpoint of subscriptions."""

from collections.abc import Iterator

import pytest

from records.models import SubscriptionState
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.hook import Hook, listening


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.hospital("own")
    return Api(server, at.code, credentials=alliance.credentials(at))


@pytest.fixture
def stranger(server: str) -> Api:
    at = alliance.hospital("other")
    return Api(server, at.code, credentials=alliance.credentials(at))


@pytest.fixture
def hook(world: None) -> Iterator[Hook]:
    SubscriptionState.objects.all().delete()  # of other tests
    with listening() as found:
        yield found
    SubscriptionState.objects.all().delete()
