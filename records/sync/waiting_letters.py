"""Letters whose wait is over though no batch of sync brought what they waited for: it came by FHIR,
or in the same moment by another stream.
"""

import logging
from itertools import groupby

from django.db import connection

from alliance.auth.scopes import NO_SCOPE_NEED
from alliance.services.clients import client_principal
from alliance.sql.hospitals import STOPPED_SYSTEMS
from consent import gate
from consent.audit.event import EventCode
from records.interactions.write import request_write_access
from records.requests.fhir_request import FhirRequest
from records.sync import dead_letters
from records.sync.item_run import ItemRun, Raced
from records.sync.run_batch import execute_or_race, list_run_writes, run_letters, run_waiters
from records.sync.version_guard import ItemOutcome

log = logging.getLogger("xinglin.sync")
MOST = 200  # letters of one look
TRIES = 4  # where others make the same records at the same time
# What waits for nothing that is not there, looked for by the names of the resources. Hospitals take
# turns, in each its systems, and of a system those that were tried least often come first; what a
# stopped system sent stays until it may go on.
# index: record_sync_dead_letter_waits, record_resource_named
READY = f"""
WITH ready AS (
  SELECT d.hospital, d.client, d.scopes, d.stream, d.number, d.id, d.tries,
    row_number() OVER (PARTITION BY d.hospital, d.client ORDER BY d.tries, d.id) AS turn
  FROM record_sync_dead_letter d
  WHERE d.state = 'waiting' AND d.tries < %(tries)s AND d.client NOT IN ({STOPPED_SYSTEMS})
    AND NOT EXISTS (SELECT FROM unnest(d.waits) w(named) WHERE NOT EXISTS (
      SELECT FROM record_resource r WHERE r.named = w.named AND r.hospital = d.hospital
        AND NOT r.deleted))),
chosen AS (
  SELECT r.*, row_number() OVER (PARTITION BY r.hospital ORDER BY r.turn, r.tries, r.id) AS place
  FROM ready r ORDER BY place, r.tries, r.id LIMIT %(most)s)
SELECT hospital, client, scopes, stream, number, id FROM chosen ORDER BY 1, 2, 3, 4, 5, 6
"""
MOST_TRIES = 50
# What could not even be tried: it takes its turn behind the others.
PASSED = "UPDATE record_sync_dead_letter SET tries = tries + 1 WHERE id = ANY(%s) AND tries < %s"


def find_ready_letters(most: int = MOST) -> list[tuple[int, str, str, int, int, int]]:
    """(hospital, client, scopes, stream, number, letter) of those that could be done."""
    with connection.cursor() as cursor:
        cursor.execute(READY, {"most": most, "tries": MOST_TRIES})
        return cursor.fetchall()


def retry_ready_letters() -> int:
    """How many were done."""
    count = 0
    for (hospital_id, client, scopes), rows in groupby(find_ready_letters(), lambda row: row[:3]):
        listed = list(rows)
        outcomes = retry_letters(
            hospital_id, client, scopes, [row[5] for row in listed], "waiting-letters"
        )
        count += sum(o is not ItemOutcome.WAITING for o in outcomes.values())
    return count


def retry_letters(
    hospital_id: int, client: str, scopes: str, ids: list[int], request_id: str
) -> dict[int, ItemOutcome]:
    """Try letters of one system again, as that system: {letter: what became of it}. Nothing where
    the system, or its hospital, was stopped, or where others make the same records again and again:
    then the letters stay as they are.
    """
    for _ in range(TRIES):
        try:
            return retry_once(hospital_id, client, scopes, ids, request_id)
        except Raced:
            continue
    log.warning("SYNC503 letters of %s stay: others make the same records", client)
    return {}


def retry_once(
    hospital_id: int, client: str, scopes: str, ids: list[int], request_id: str
) -> dict[int, ItemOutcome]:
    """In a transaction. Raises Raced."""
    principal = client_principal(client, request_id, scopes)
    if not principal.active or principal.hospital_id != hospital_id:
        return {}
    fhir_request = FhirRequest(principal, principal.hospital, hospital_id)
    access = request_write_access(fhir_request, EventCode.BATCH_PUSH, "dead-letters", NO_SCOPE_NEED)
    with gate.audited_write(access) as (scope, written):
        letters = dead_letters.lock_letters(hospital_id, ids)
        run = ItemRun(scope, written, {})
        outcomes = run_letters(fhir_request, run, letters)
        run_waiters(fhir_request, run, hospital_id)
        if passed := [letter.id for letter in letters if letter.id not in outcomes]:
            with connection.cursor() as cursor:
                cursor.execute(PASSED, [passed, MOST_TRIES])
        if letters:
            execute_or_race(
                list_run_writes(run, hospital_id, client, letters[0].stream_id, letters[0].number)
            )
    return outcomes
