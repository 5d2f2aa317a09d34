"""Enqueue notifications: read the stores' change feeds, and note what each subscriber is due."""

import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from records.fhir.resource_types import TYPE_NAMES, TYPES
from records.identity import identity_feed
from records.ingest.subscription_request import SubscriptionRequest
from records.models import Decision, FeedPosition, Notification, SubscriptionState, WorkTopicNotice
from records.store import changes, clock
from records.subscriptions.enqueue_work import enqueue_work
from records.subscriptions.subscription_state import State, load_subscription

BATCH = 500  # changes
BEAT = timedelta(seconds=5)
held = -BEAT.total_seconds()


def raise_clock_regularly() -> None:
    """What is written from now on bears no earlier time than this, whatever happens to the
    server's clock (docs/adr/0039).
    """
    global held
    if time.monotonic() - held > BEAT.total_seconds():
        clock.raise_clock_floor()
        held = time.monotonic()


def enqueue_changes() -> int:
    """Note for each active subscription the changes that it asks for. The position moves in the
    same transaction, so that a change is noted once, whatever happens.
    """
    done = 0
    raise_clock_regularly()
    if not SubscriptionState.objects.filter(state__in=(State.ACTIVE, State.ERROR)).exists():
        return skip_to_feed_end()
    live = [
        (s, w)
        for s in SubscriptionState.objects.filter(state__in=(State.ACTIVE, State.ERROR))
        if (w := load_subscription(s.rid)) is not None
    ]
    done += enqueue_work([(s, w) for s, w in live if w.work])
    live = [(s, w) for s, w in live if not w.work]
    positions = {p.hospital_id: p for p in FeedPosition.objects.all()}
    for hospital_id in changes.list_hospital_ids():
        if (position := positions.get(hospital_id)) is None:
            FeedPosition.objects.get_or_create(
                hospital_id=hospital_id, defaults={"xid": changes.fetch_feed_end()}
            )
            continue
        batch = changes.fetch_changes_since(
            hospital_id, position.xid, position.rid, position.version, BATCH
        )
        if (
            batch or timezone.now() - position.beat_at > BEAT
        ):  # else nothing is locked, and nothing written
            done += len(batch) if enqueue_batch(hospital_id, position, batch, live) else 0
    return done + enqueue_identity_changes(live)


def enqueue_batch(
    hospital_id: int,
    position: FeedPosition,
    batch: list[changes.Change],
    live: list[tuple[SubscriptionState, SubscriptionRequest]],
) -> bool:
    """Note what was found from this position on, and go on from its end; False where another
    courier has gone on from there meanwhile.
    """
    with transaction.atomic():
        locked_position = FeedPosition.objects.select_for_update().get(pk=hospital_id)
        if (locked_position.xid, locked_position.rid, locked_position.version) != (
            position.xid,
            position.rid,
            position.version,
        ):
            return False
        if batch:
            enqueue_notifications(hospital_id, batch, live)
            locked_position.xid, locked_position.rid, locked_position.version = (
                batch[-1].xid,
                batch[-1].resource_id,
                batch[-1].version,
            )
        locked_position.save()
    return True


def enqueue_identity_changes(live: list[tuple[SubscriptionState, SubscriptionRequest]]) -> int:
    """Who follows the record of a patient whose registrations were linked or parted is told of
    them anew: of their own, and of others as far as the gate lets them see those then.
    """
    with transaction.atomic():
        untold = list(
            Decision.objects.select_for_update(skip_locked=True)
            .filter(told=False)
            .order_by("pk")[:BATCH]
        )
        for decision in untold:
            concerned = identity_feed.find_concerned_registrations(decision.moved)
            notifications = []
            for subscription, request in live:
                only = (
                    changes.find_person_id(subscription.hospital_id, request.patient)
                    if request.patient
                    else None
                )
                if request.topic and not (request.patient and only is None):
                    notifications += [
                        Notification(
                            subscription=subscription,
                            line=str(s.person_id),
                            hospital_id=s.hospital_id,
                            type=TYPES["Patient"].number,
                            fhir_id=s.fhir_id,
                            version=0,
                            deleted=False,
                            changed_at=decision.at,
                        )
                        for s in concerned.get(subscription.hospital_id, [])
                        if only in (None, str(s.person_id))
                    ]
            Notification.objects.bulk_create(notifications)
        Decision.objects.filter(pk__in=[d.pk for d in untold]).update(told=True)
    return len(untold)


def skip_to_feed_end() -> int:
    """Nobody asks: stand at the end of each feed."""
    WorkTopicNotice.objects.all().delete()
    Decision.objects.filter(told=False).update(told=True)
    known_hospitals = dict(FeedPosition.objects.values_list("hospital_id", "beat_at"))
    for hospital_id in changes.list_hospital_ids():
        if (
            hospital_id not in known_hospitals
            or timezone.now() - known_hospitals[hospital_id] > BEAT
        ):
            FeedPosition.objects.update_or_create(
                hospital_id=hospital_id,
                defaults={"xid": changes.fetch_feed_end(), "rid": 0, "version": 0},
            )
    return 0


def enqueue_notifications(
    hospital_id: int,
    batch: list[changes.Change],
    live: list[tuple[SubscriptionState, SubscriptionRequest]],
) -> None:
    persons_of_patients = changes.fetch_persons_of_patients(
        sorted({p for c in batch for p in (c.source_patient_id, *c.other_source_patient_ids) if p})
    )
    notifications = []
    for subscription, request in live:
        for c in select_subscribed_changes(
            hospital_id, batch, subscription, request, persons_of_patients
        ):
            person = persons_of_patients.get(c.source_patient_id, ("", set()))[0]
            notifications.append(
                Notification(
                    subscription=subscription,
                    line=person or f"row/{c.resource_id}",
                    hospital_id=hospital_id,
                    type=c.type_number,
                    fhir_id=c.fhir_id,
                    version=c.version,
                    deleted=c.deleted,
                    changed_at=c.last_updated,
                )
            )
    Notification.objects.bulk_create(notifications)


def select_subscribed_changes(
    hospital_id: int,
    batch: list[changes.Change],
    subscription: SubscriptionState,
    request: SubscriptionRequest,
    persons_of_patients: dict[int, tuple[str, set[int]]],
) -> list[changes.Change]:
    is_own_store = hospital_id == subscription.hospital_id
    if not request.topic:
        if not is_own_store:
            return []
        changes_of_type = [
            c for c in batch if TYPE_NAMES[c.type_number] == request.type_name and not c.deleted
        ]
        fitting = (
            changes.filter_fitting_rows(
                hospital_id, request.plan(hospital_id), [c.resource_id for c in changes_of_type]
            )
            if changes_of_type
            else set()
        )
        return [c for c in changes_of_type if c.resource_id in fitting]
    only_person = (
        changes.find_person_id(subscription.hospital_id, request.patient)
        if request.patient
        else None
    )
    if request.patient and only_person is None:
        return []
    return [
        c
        for c in batch
        if c.source_patient_id in persons_of_patients
        and subscription.hospital_id in persons_of_patients[c.source_patient_id][1]
        and only_person in (None, persons_of_patients[c.source_patient_id][0])
    ]
