"""What is asked after a round: of the platform's tables and history, and of the outboxes."""

import json
from collections.abc import Iterable
from typing import Any

from records.agent.dead_letters import refresh_refusals
from records.agent.item import derive_fhir_id
from records.agent.receipt_check import PinnedKeys, encode_canonical
from records.agent.reconcile import reconcile_source
from tests.chaos.stage import Stage
from tests.chaos.sync.agent_home import AgentHome
from tests.chaos.sync.book import (
    Book,
    Key,
    Sent,
    Told,
    find_disorder,
    find_lost,
    find_number_faults,
    find_orphans,
)
from tests.chaos.sync.drawing import MARK

LEDGER = """
SELECT l.source, l.type, l.record, l.version, coalesce(encode(l.hash, 'hex'), ''), l.state
FROM record_sync_ledger l JOIN alliance_hospital h ON h.id = l.hospital WHERE h.code = %s
"""
LETTERS = """
SELECT l.source, l.type, l.record, l.version, l.state FROM record_sync_dead_letter l
JOIN alliance_hospital h ON h.id = l.hospital WHERE h.code = %s
"""
BATCHES = """
SELECT s.name, b.number, encode(b.root, 'hex') FROM record_sync_batch b
JOIN record_sync_stream s ON s.id = b.stream WHERE s.client = %s AND b.done_at IS NOT NULL
"""
# Sums that are kept, against the ledger they are sums of.
DIGESTS = """
SELECT coalesce(d.source, l.source), coalesce(d.type, l.type), coalesce(d.day, l.day), d.count,
  l.count FROM (SELECT hospital, source, type, day, sum(count) AS count,
    mod(sum(sum), 340282366920938463463374607431768211456) AS sum FROM record_sync_digest
    GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0 OR mod(sum(sum),
      340282366920938463463374607431768211456) <> 0) d
FULL JOIN (SELECT hospital, source, type, day, count(*) AS count,
    mod(sum(('x' || encode(substr(fingerprint, 1, 4), 'hex'))::bit(32)::bigint::numeric
        * 79228162514264337593543950336
      + ('x' || encode(substr(fingerprint, 5, 4), 'hex'))::bit(32)::bigint::numeric
        * 18446744073709551616
      + ('x' || encode(substr(fingerprint, 9, 4), 'hex'))::bit(32)::bigint::numeric * 4294967296
      + ('x' || encode(substr(fingerprint, 13, 4), 'hex'))::bit(32)::bigint::numeric),
      340282366920938463463374607431768211456) AS sum
    FROM record_sync_ledger WHERE state = 'stored' GROUP BY 1, 2, 3, 4) l
  USING (hospital, source, type, day)
WHERE d.count IS DISTINCT FROM l.count OR d.sum IS DISTINCT FROM l.sum
"""
# Items that are in no batch, or in two.
BATCHED = """
SELECT i.seq, count(b.id) FROM items i LEFT JOIN batches b ON b.stream = i.stream
AND b.state <> 'void' AND i.seq BETWEEN b.first_seq AND b.last_seq
GROUP BY i.seq HAVING count(b.id) <> 1
"""


class History:
    """The change feed of a hospital's store, followed from its beginning."""

    def __init__(self, agent: AgentHome) -> None:
        self.agent = agent
        self.next = f"/fhir/{agent.hospital}/_history?_count=500"
        self.told: list[Told] = []

    def follow(self) -> None:
        while True:
            reply = self.agent.context.platform.send("GET", self.next)
            assert reply.status == 200, f"{reply.status} {reply.body[:300]!r}"
            found = reply.json()
            self.told += [read_entry(e) for e in found.get("entry", [])]
            where = next(k["url"] for k in found["link"] if k["relation"] == "next")
            self.next = "/fhir/" + where.partition("/fhir/")[2]
            if not found.get("entry"):
                return


def read_entry(entry: dict[str, Any]) -> Told:
    number = int(entry["response"]["etag"].removeprefix("W/").strip('"'))
    resource, moment = entry.get("resource"), entry["response"]["lastModified"]
    if resource is None:
        return Told("/".join(entry["fullUrl"].split("/")[-2:]), number, "delete", 0, moment)
    key = f"{resource['resourceType']}/{resource['id']}"
    if resource.get("status") == "entered-in-error":
        return Told(key, number, "recall", 0, moment)
    marks = [i["value"] for i in resource.get("identifier", ()) if i.get("system") == MARK]
    return Told(key, number, "put", int(marks[0]) if marks else -1, moment)


def read_ledger(stage: Stage, hospital: str) -> dict[Key, tuple[int | None, str, str]]:
    return {(r[0], r[1], r[2]): (r[3], r[4], r[5]) for r in stage.rows(LEDGER, hospital)}


def read_letters(stage: Stage, hospital: str) -> dict[Key, dict[int | None, set[str]]]:
    letters: dict[Key, dict[int | None, set[str]]] = {}
    for source, type, record, version, state in stage.rows(LETTERS, hospital):
        of_record = letters.setdefault((source, type, record), {})
        of_record.setdefault(version, set()).add(state)
    return letters


def lost_of(stage: Stage, hospital: str, book: Book) -> list[str]:
    return find_lost(book.expect(), read_ledger(stage, hospital), read_letters(stage, hospital))


def disorder_of(history: History, book: Book) -> list[str]:
    """history: followed until now."""
    sent: dict[str, list[Sent]] = {
        f"{type}/{derive_fhir_id(source, record)}": all_sent
        for (source, type, record), all_sent in book.records.items()
    }
    needs = {k: f"Patient/{s.needs}" for k, all_sent in sent.items() for s in all_sent if s.needs}
    return find_disorder(history.told, sent) + find_orphans(history.told, needs)


def outbox_faults(stage: Stage, agent: AgentHome, keys: PinnedKeys) -> list[str]:
    """Of an agent: numbers and receipts, items and batches."""
    outbox, who = agent.context.outbox, agent.folder.name
    done = outbox.read(
        "SELECT s.name, b.number, b.root, b.items, b.receipt, b.signature FROM batches b JOIN"
        " streams s ON s.stream = b.stream WHERE b.state = 'done' ORDER BY b.id"
    ).fetchall()
    theirs = {(n, b): root for n, b, root in stage.rows(BATCHES, agent.context.platform.client_id)}
    wrong = find_number_faults({(row[0], row[1]): row[2] for row in done}, theirs)
    for stream, number, root, items, receipt, signature in done:
        said = json.loads(receipt)
        if (said["stream"], said["number"], said["root"], said["items"]) != (
            stream, number, root, items,
        ):  # fmt: skip
            wrong.append(f"receipt {stream}/{number} is of another batch")
        if sum(said["outcomes"].values()) != items:
            wrong.append(f"receipt {stream}/{number}: outcomes of {said['outcomes']}, not {items}")
        if not keys.verify(encode_canonical(said), signature):
            wrong.append(f"receipt {stream}/{number} does not verify")
    wrong += [f"item {s} is in {n} batches" for s, n in outbox.read(BATCHED).fetchall()]
    wrong += [f"{p.name}" for p in agent.home.glob("witness-alarm-*")]
    return [f"{who}: {w}" for w in wrong]


def differences(agent: AgentHome) -> list[str]:
    """What `reconcile` finds once it knows what became of letters."""
    refresh_refusals(agent.context)
    found = reconcile_source(agent.context, agent.source, mend=False)
    return [f"{agent.folder.name}: digests differ: {day}" for day in found.days]


def digest_faults(stage: Stage) -> list[str]:
    return [f"digests: {row}" for row in stage.rows(DIGESTS)]


def few(wrong: Iterable[str]) -> list[str]:
    listed = list(wrong)
    return listed[:12] + ([f"… {len(listed)} in all"] if len(listed) > 12 else [])
