"""A member's system and a foreign one, each with a token; an endpoint of subscriptions; a
machine for the agent.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from records.models import SubscriptionState
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.webhook_endpoint import WebhookEndpoint, listening_endpoint
from tests.support.agent_machine import Agent


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.make_hospital("own")
    return Api(server, at.code, credentials=alliance.make_credentials(at))


@pytest.fixture
def stranger(server: str) -> Api:
    at = alliance.make_hospital("other")
    return Api(server, at.code, credentials=alliance.make_credentials(at))


@pytest.fixture
def hook(world: None) -> Iterator[WebhookEndpoint]:
    SubscriptionState.objects.all().delete()  # of other tests
    with listening_endpoint() as found:
        yield found
    SubscriptionState.objects.all().delete()


@pytest.fixture
def agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Agent:
    """A machine of a member with the agent on it, not enrolled."""
    return Agent(tmp_path, capsys)
