"""The courier's first half: reads the stores' feeds and notes what each subscriber is to be told."""

import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from records.fhir.types import NAMES, TYPES
from records.interactions import identities
from records.interactions.subscribing import Wish
from records.interactions.subscription import State, wish_of
from records.models import Decision, FeedPosition, Notification, SubscriptionState
from records.store import changes, clock

BATCH = 500  # changes
BEAT = timedelta(seconds=5)
held = -BEAT.total_seconds()


def hold_clock() -> None:
    """What is written from now on bears no earlier time than this, whatever happens to the server's clock (docs/adr/0039)."""
    global held
    if time.monotonic() - held > BEAT.total_seconds():
        clock.passed()
        held = time.monotonic()


def match() -> int:
    """Note for each active subscription the changes that it asks for. The position moves in the same transaction, so that a change is
    noted once, whatever happens."""
    done = 0
    hold_clock()
    if not SubscriptionState.objects.filter(state__in=(State.ACTIVE, State.ERROR)).exists():
        return keep_up()
    live = [(s, w) for s in SubscriptionState.objects.filter(state__in=(State.ACTIVE, State.ERROR)) if (w := wish_of(s.rid)) is not None]
    positions = {p.hospital_id: p for p in FeedPosition.objects.all()}
    for hospital in changes.hospitals():
        if (at := positions.get(hospital)) is None:
            FeedPosition.objects.get_or_create(hospital_id=hospital, defaults={"xid": changes.now()})
            continue
        found = changes.since(hospital, at.xid, at.rid, at.version, BATCH)
        if found or timezone.now() - at.beat_at > BEAT:  # else nothing is locked, and nothing written
            done += len(found) if moved(hospital, at, found, live) else 0
    return done + note_decisions(live)


def moved(hospital: int, at: FeedPosition, found: list[changes.Change], live: list[tuple[SubscriptionState, Wish]]) -> bool:
    """Note what was found from this position on, and go on from its end; False where another courier has gone on from there meanwhile."""
    with transaction.atomic():
        now = FeedPosition.objects.select_for_update().get(pk=hospital)
        if (now.xid, now.rid, now.version) != (at.xid, at.rid, at.version):
            return False
        if found:
            note(hospital, found, live)
            now.xid, now.rid, now.version = found[-1].xid, found[-1].rid, found[-1].version
        now.save()
    return True


def note_decisions(live: list[tuple[SubscriptionState, Wish]]) -> int:
    """Who follows the record of a patient whose registrations were linked or parted is told of them anew: of his own, and of others as far as the gate
    lets him see them then."""
    with transaction.atomic():
        untold = list(Decision.objects.select_for_update(skip_locked=True).filter(told=False).order_by("pk")[:BATCH])
        for decision in untold:
            concerned = identities.concerned(decision.moved)
            out = []
            for subscription, asked in live:
                only = changes.person_of(subscription.hospital_id, asked.patient) if asked.patient else None
                if asked.topic and not (asked.patient and only is None):
                    out += [Notification(subscription=subscription, line=str(s.person_id), hospital_id=s.hospital_id, type=TYPES["Patient"].number, fhir_id=s.fhir_id, version=0,
                                         deleted=False, changed_at=decision.at) for s in concerned.get(subscription.hospital_id, []) if only in (None, str(s.person_id))]
            Notification.objects.bulk_create(out)
        Decision.objects.filter(pk__in=[d.pk for d in untold]).update(told=True)
    return len(untold)


def keep_up() -> int:
    """Nobody asks: stand at the end of each feed."""
    Decision.objects.filter(told=False).update(told=True)
    known = dict(FeedPosition.objects.values_list("hospital_id", "beat_at"))
    for hospital in changes.hospitals():
        if hospital not in known or timezone.now() - known[hospital] > BEAT:
            FeedPosition.objects.update_or_create(hospital_id=hospital, defaults={"xid": changes.now(), "rid": 0, "version": 0})
    return 0


def note(hospital: int, found: list[changes.Change], live: list[tuple[SubscriptionState, Wish]]) -> None:
    people = changes.people(sorted({p for c in found for p in (c.patient, *c.others) if p}))
    out = []
    for subscription, asked in live:
        for c in chosen(hospital, found, subscription, asked, people):
            person = people.get(c.patient, ("", set()))[0]
            out.append(Notification(subscription=subscription, line=person or f"row/{c.rid}", hospital_id=hospital, type=c.type, fhir_id=c.fhir_id,
                                    version=c.version, deleted=c.deleted, changed_at=c.at))
    Notification.objects.bulk_create(out)


def chosen(hospital: int, found: list[changes.Change], subscription: SubscriptionState, asked: Wish, people: dict[int, tuple[str, set[int]]]) -> list[changes.Change]:
    own = hospital == subscription.hospital_id
    if not asked.topic:
        if not own:
            return []
        some = [c for c in found if NAMES[c.type] == asked.type_name and not c.deleted]
        fits = changes.fitting(hospital, asked.plan(hospital), [c.rid for c in some]) if some else set()
        return [c for c in some if c.rid in fits]
    only = changes.person_of(subscription.hospital_id, asked.patient) if asked.patient else None
    if asked.patient and only is None:
        return []
    return [c for c in found if c.patient in people and subscription.hospital_id in people[c.patient][1] and only in (None, people[c.patient][0])]
