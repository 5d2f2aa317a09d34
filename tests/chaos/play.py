"""One stage with its load: the rounds that are played on it, and the questions that are asked
after each and at the end.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.chaos import oracle
from tests.chaos.bulk import Importer, Subscriber, importing
from tests.chaos.client import Client
from tests.chaos.event import DidNotHappen, Event
from tests.chaos.follower import Follower
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.load import Load
from tests.chaos.report import Round
from tests.chaos.stage import MEMBER, Stage
from tests.chaos.trace import GOOD, KINDS, Trace

CAUGHT_UP = (
    30.0  # seconds within which the feed has all that was acknowledged, and the log is sealed
)
# the same for the subscriber and for an import: a bulk job without a sign of life is taken up after
# 90 s
ALL_TOLD = 150.0
BEATS = """SELECT extract(epoch FROM least((SELECT max(last_heartbeat) FROM procrastinate_workers),
      (SELECT max(beat_at) FROM records_feedposition),
  (SELECT max(checked_at) FROM consent_audit_sealer)))::float8"""
STORED = (
    "SELECT record_type_name(type) || '/' || fhir_id, version FROM record_resource WHERE hospital ="
    " (SELECT id FROM alliance_hospital WHERE code = %s) AND NOT deleted"
)
UNSEALED = (
    "SELECT (SELECT count(*) FROM consent_audit_event) - (SELECT count(*) FROM consent_audit_leaf)"
)


def waited(true: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.1)
    return True


def crowded() -> float:
    """How much longer everything takes than on a machine that has its cores to itself: 1 to 4."""
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / 2))


class Play:
    """One stage with its load, and what is known of it."""

    def __init__(
        self,
        stage: Stage,
        seed: int,
        folder: Path,
        subscriber: Subscriber,
        imports: bool,
        pause: float,
    ) -> None:
        self.stage, self.folder, self.subscriber = stage, folder, subscriber
        self.trace, self.ledger = Trace(), Ledger(folder / "ledger.jsonl")
        ports = [int(s.environment["PORT"]) for s in stage.sites]
        self.client = Client(ports, MEMBER, stage.sites[0].register(MEMBER), self.trace)
        self.load = Load(self.client, self.ledger, self.trace, seed, pause)
        self.importer: Importer | None = None
        if imports:
            self.importer, actor = importing(self.load)
            self.load.actors.append(actor)
        self.head: tuple[int, str] | None = None
        self.kept = folder / "head.json"
        self.told = 0  # facts of the trace that are told already

    def begin(self) -> None:
        self.load.prepare()
        self.subscriber.subscribe(self.client)
        self.load.start()
        if not waited(lambda: all(self.trace.many(k) >= 2 for k in KINDS), 60):
            raise RuntimeError(
                "the load does not begin:"
                f" {Counter((a.kind, a.result) for a in self.trace.since(0))};"
                f" {self.trace.wrong[:5]}"
            )

    def round(self, one: Round, event: Event, rng: random.Random) -> None:
        """Fill in what came of it."""
        begun = time.monotonic()
        self.trace.forget(begun - 60)
        acknowledged = len(self.ledger.all())
        try:
            one.happened = event.do(self.stage, self.load, rng)
        except DidNotHappen as error:
            one.wrong.append(f"the event's own control failed: {error}")
        over = time.monotonic()
        one.held = round(over - begun, 2)
        one.wrong += self.recovers(one, event, over)
        end = time.monotonic()
        time.sleep(0.5)
        asked = self.trace.since(begun)
        one.outages = oracle.outages(asked, begun, end)
        one.answers = dict(Counter(f"{a.kind} {a.result}" for a in asked))
        one.wrong += self.holds()
        one.wrong += oracle.ready_in_vain(
            self.trace.polls_since(begun), self.trace.since(begun - 30), end
        ) + oracle.unready_in_vain(self.trace.polls_since(begun), self.trace.since(begun - 5))
        one.acknowledged = len(self.ledger.all()) - acknowledged

    def recovers(self, one: Round, event: Event, over: float) -> list[str]:
        """Until everything that is asked succeeded again, all sites are ready, and where asked
        the parts beside the site have told of themselves.
        """
        moment: list[float] = []

        def beaten() -> bool:
            if not event.parts:
                return True
            try:
                if not moment:
                    moment.append(
                        self.stage.value("SELECT extract(epoch FROM clock_timestamp())::float8")
                    )
                return (self.stage.value(BEATS) or 0.0) > moment[0]
            except Exception:  # the database is not back yet
                return False

        def missing() -> list[str]:
            good = {a.kind for a in self.trace.since(over) if a.result == GOOD and a.began >= over}
            last = {p.site: p.status for p in self.trace.polls_since(over) if p.began >= over}
            return [
                *(k for k in KINDS if k not in good),
                *(
                    f"readyz of site {i}"
                    for i in range(len(self.stage.sites))
                    if last.get(i) != 200
                ),
            ]

        one.bound = round(event.bound * crowded(), 1)
        if not waited(lambda: not missing() and beaten(), one.bound):
            return [
                f"not well again within {one.bound} s:"
                f" {', '.join(missing()) or 'worker, courier or sealer'}"
            ]
        one.recovered = round(time.monotonic() - over, 2)
        return []

    def holds(self) -> list[str]:
        """All oracles that can be asked while the load goes on."""
        known = self.ledger.all()
        answered = set(self.trace.answered)
        waited(lambda: self.caught_up(known), CAUGHT_UP)
        facts = oracle.missing_in_feed(
            known, {(k, v): d for k, v, d in list(self.load.follower.seen)}
        )
        facts += oracle.out_of_order(list(self.load.follower.seen)) + oracle.twice(
            dict(self.load.follower.numbers)
        )
        stored = self.stored()
        facts += oracle.lost(known, stored) + oracle.torn(dict(self.ledger.groups), stored)
        facts += oracle.unproven(answered, self.logged())
        heads = {
            size: bytes(root).hex()
            for size, root in self.stage.rows("SELECT size, root FROM consent_audit_head")
        }
        facts += oracle.heads_cut(self.head, heads)
        self.head = max(heads.items(), default=None)
        if not waited(
            lambda: (
                self.stage.value(
                    "SELECT extract(epoch FROM now() - max(sealed_at::timestamptz))::float8 FROM"
                    " consent_audit_head"
                )
                < CAUGHT_UP
            ),
            CAUGHT_UP,
        ):
            facts.append("heads: nothing is sealed any more")
        return facts + self.objected()

    def caught_up(self, known: list[Entry]) -> bool:
        return {(e.key, e.version) for e in known} <= self.load.follower.known

    def objected(self) -> list[str]:
        """What the load itself has found wrong since this was asked last."""
        found, self.told = self.trace.wrong[self.told :], len(self.trace.wrong)
        return oracle.few(found)

    def stored(self) -> dict[str, int]:
        return dict(self.stage.rows(STORED, MEMBER))

    def logged(self) -> set[str]:
        return {
            r
            for (r,) in self.stage.rows(
                "SELECT DISTINCT request_id FROM consent_audit_event WHERE request_id LIKE"
                " 'chaos-%%'"
            )
        }

    def verified(self) -> list[str]:
        good, said = self.stage.verify(self.kept, self.kept)
        return [] if good else [f"audit_verify --against: {said}"]

    def totals(self) -> dict[str, int]:
        return {
            "acknowledged": len(self.ledger.all()),
            "answered": len(self.trace.answered),
            "imports": self.importer.done if self.importer else 0,
        }

    def finish(self) -> list[str]:
        """The load rests, and everything is asked once more: also the whole feed from its
        beginning, the subscriber, and the sealed log against the head that was kept before.
        """
        facts = []
        importer = self.importer
        if importer and not waited(lambda: not importer.made, ALL_TOLD):
            facts.append(f"$import: its job was not done within {ALL_TOLD:.0f} s")
        self.load.stop()

        def followed() -> bool:
            self.load.follower.one()
            return self.caught_up(self.ledger.all())

        waited(followed, CAUGHT_UP)
        facts += self.holds()
        again = Follower(self.client, self.trace)
        again.one()
        facts += oracle.missing_in_feed(
            self.ledger.all(), {(k, v): d for k, v, d in again.seen}
        ) + oracle.out_of_order(again.seen)
        ordered = [e for e in self.ledger.all() if e.key in self.ledger.conditions.values()]
        waited(lambda: not oracle.untold(ordered, set(self.subscriber.told)), ALL_TOLD)
        facts += oracle.untold(ordered, set(self.subscriber.told))
        if not waited(lambda: self.stage.value(UNSEALED) == 0, CAUGHT_UP):
            facts.append(f"heads: {self.stage.value(UNSEALED)} lines are not sealed")
        facts += self.verified() + self.objected()
        facts += [
            f"log: {line}"
            for site in self.stage.sites
            for line in site.said().splitlines()
            if "HTTP500" in line
        ][:10]
        return facts
