"""Answers of the real server, collected once for all tests of the folder."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from records.models import SubscriptionState
from tests.conformance.answers import Json, collect
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.hook import listening
from tests.factories.subscriptions import rounds


@pytest.fixture(scope="module")
def answers(server: str) -> Iterator[dict[str, Json]]:
    own, other = alliance.hospital("own"), alliance.hospital("other")
    apis = [Api(server, h.code, credentials=alliance.credentials(h)) for h in (own, other)]
    SubscriptionState.objects.all().delete()  # of other tests
    with listening() as hook:
        yield collect(apis[0], apis[1], hook, rounds, lambda: call_command("bulk_work"))
    SubscriptionState.objects.all().delete()
