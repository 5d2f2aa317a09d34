"""Answers of the real server, collected once for all tests of the folder."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from records.models import SubscriptionState
from tests.conformance.answers import Json, collect
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.subscriptions import run_worker_until_idle
from tests.factories.webhook_endpoint import listening_endpoint


@pytest.fixture(scope="module")
def answers(server: str) -> Iterator[dict[str, Json]]:
    own, other = alliance.make_hospital("own"), alliance.make_hospital("other")
    apis = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in (own, other)]
    SubscriptionState.objects.all().delete()  # of other tests
    with listening_endpoint() as hook:
        yield collect(
            apis[0], apis[1], hook, run_worker_until_idle, lambda: call_command("bulk_work")
        )
    SubscriptionState.objects.all().delete()
