"""The gate's facts are asked for on the way to every shared page; planning that statement takes
longer than running it.
"""

import uuid

from django.db import connection, transaction

from consent import facts
from consent.audit.event import EventCode
from records.models import SourcePatient
from records.requests.fhir_request import FhirRequest, request_person_access
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient

BESIDE = """
INSERT INTO consent_directive (person, covers, resource, denies, template, hospital_id, method,
    evidence, guardian, image_type, valid_from, recorded_at, verified_at)
SELECT gen_random_uuid(), ARRAY[-i], '{}', i %% 7 = 0, 'share', %s, 'paper', 'test', '', '', now(),
  now(), now() FROM generate_series(1, 20000) i
"""
PLANS = (
    "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE"
    " '%consent_directive%'"
)
# the driver prepares a statement at its third time, PostgreSQL plans it five times with its values
# before it thinks about one plan for all
TIMES = 20


def test_facts_are_planned_once_a_connection(server: str) -> None:
    at = alliance.make_hospital("plans")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    person = SourcePatient.objects.get(
        hospital=at, fhir_id=api.create(make_patient()).split("/")[1]
    ).person_id
    ask = FhirRequest(
        alliance.get_staff_principal(alliance.make_staff(at)), "alliance", None, server
    )
    connection.close()  # with the statements of other tests
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BESIDE, [at.pk])
        cursor.execute("ANALYZE consent_directive")
        for asked in [person, uuid.uuid4()] * (TIMES // 2):
            facts.load_facts(
                request_person_access(ask, EventCode.RECORD_SEARCH, "Observation", asked)
            )
        cursor.execute(PLANS)
        ((generic, custom),) = cursor.fetchall()
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE consent_directive"
        )  # what it said of the table's size does not roll back
    assert generic > custom
