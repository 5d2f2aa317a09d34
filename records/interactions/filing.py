"""File valid resources: whom they are about, labels, index values, canonical bytes; then the store, the patient index and the
consent house learn of them, all in the writer's transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from consent import gate, provision
from consent.services import filed, groups, relationships
from consent.terms import Scope
from records.fhir.json import dump
from records.fhir.labels import protection
from records.fhir.references import patients
from records.fhir.types import TYPES
from records.interactions import treating
from records.interactions.about import find_patients
from records.interactions.integrity import check_targets
from records.interactions.item import Item
from records.interactions.subscribing import must_cover_wish, wish
from records.interactions.unread import unread_named
from records.models import Notification, SubscriptionState
from records.mpi import sources
from records.mpi.features import identify, words_of
from records.mpi.news import Arrival
from records.mpi.register import do_register
from records.mpi.sources import Known
from records.search.index import index_of
from records.store import write as store
from records.store.codec import untimed
from records.store.rows import Draft


def file(scope: Scope, written: gate.Ledger, items: Sequence[Item], *, settled: bool = False) -> list[Draft]:
    """Store them: those without a rid are new, the others replace the row that the caller has locked. settled: the courier's own change of a
    Subscription, which asks for nothing anew. Raises Unprocessable also for what a release cannot read."""
    with unread_named([(i.place, i.resource) for i in items], lambda resource: read(resource, scope.principal.hospital)):
        return filed_away(scope, written, items, settled=settled)


def read(resource: dict[str, Any], own: str) -> None:
    """All that filing looks at in a resource; nothing is written."""
    name = resource["resourceType"]
    patients(resource, TYPES[name].subject)
    protection(resource)
    index_of({"id": "", **resource})
    dump(resource)
    if name == "Patient":
        identify(resource)
        words_of(resource, timezone.localdate())
    if name == "Subscription":
        wish(resource)
    if name == "Consent" and filed.counts(resource):
        provision.read(resource, own)
    if name in treating.TYPES:
        treating.spells(resource, own)


def filed_away(scope: Scope, written: gate.Ledger, items: Sequence[Item], *, settled: bool) -> list[Draft]:
    check_targets(scope, items)
    find_patients(scope, items)
    about = [[i.about] * bool(i.about) + patients(i.resource, TYPES[i.resource["resourceType"]].subject) for i in items]
    known = patients_of(scope, items, about)
    rows = {i: k.id for i, k in known.items()}
    made = [draft(i, ids, rows) for i, ids in zip(items, about, strict=True)]
    store.insert(scope, [d for d in made if not d.rid])
    store.replace(scope, [d for d in made if d.version > 1])
    people = {k.id: k.person for k in known.values()}
    arrivals = [Arrival(known[i.fhir_id], i.resource, i.place) for i in items if i.resource["resourceType"] == "Patient"]
    if arrivals:
        people |= do_register(scope.whole or 0, arrivals)
    homes = {k.id: k.home for k in known.values()}
    note_treatment(scope, items, made, homes)
    note_groups(scope, [(d, i.resource) for i, d in zip(items, made, strict=True)])
    note_consents(scope, items, made, people)
    if not settled:
        note_subscriptions(scope, items, made)
    note(scope, written, made, people)
    return made


def remove(scope: Scope, written: gate.Ledger, gone: Sequence[Draft]) -> None:
    """Store tombstones."""
    store.replace(scope, gone)
    SubscriptionState.objects.filter(rid__in=[d.rid for d in gone if d.type_name == "Subscription"]).delete()
    for d in gone:
        if d.type_name == "Consent":
            filed.do_withdraw(d.rid, found=sources.of_person, acting=scope.principal)
    note_groups(scope, [(d, None) for d in gone])
    note(scope, written, gone, sources.persons_of({d.patient for d in gone if d.patient}))


def note(scope: Scope, written: gate.Ledger, stored: Sequence[Draft], people: dict[int, UUID]) -> None:
    """Into the audit line: what was stored, and about whom."""
    written.refs += [f"{scope.principal.hospital}/{d.type_name}/{d.fhir_id}/{d.version}" for d in stored]
    written.persons |= {people[i] for d in stored for i in (d.patient, *(d.others or ())) if i}


def patients_of(scope: Scope, items: Sequence[Item], about: Sequence[list[str]]) -> dict[str, Known]:
    """All Patients of this store that the items are or speak of."""
    hospital = scope.whole or 0
    arriving = {i.fhir_id for i in items if i.resource["resourceType"] == "Patient"}
    new = {i.fhir_id for i in items if i.resource["resourceType"] == "Patient" and not i.rid}
    known = sources.look_up(hospital, {p for ids in about for p in ids} | arriving - new)
    return known | sources.create(hospital, arriving - known.keys())


def draft(item: Item, named: list[str], known: dict[str, int]) -> Draft:
    resource = item.resource
    name = resource["resourceType"]
    if name == "Patient":
        about, others = known[item.fhir_id], [known[p] for p in named if p != item.fhir_id]
    else:
        rows = [known[p] for p in named]
        subject = TYPES[name].subject
        local = bool(item.about) or not TYPES[name].subject_params or (subject is not None and str((resource.get(subject) or {}).get("reference", "")).startswith("Patient/"))
        about, others = (rows[0], rows[1:]) if rows and local else (0, rows)
    meta = {k: v for k, v in (resource.get("meta") or {}).items() if k not in ("versionId", "lastUpdated")}
    rest = {k: v for k, v in resource.items() if k not in ("resourceType", "id", "meta")}
    item.resource = body = {"resourceType": name, "id": item.fhir_id, "meta": meta} | rest
    labels, marks = protection(resource)
    index = index_of(body)
    index.marks = marks
    return Draft(
        type_name=name, fhir_id=item.fhir_id, version=item.version, patient=about, others=others or None,
        labels=labels, index=index, body=untimed(dump(meta), dump(rest)), rid=item.rid)


def note_subscriptions(scope: Scope, items: Sequence[Item], made: Sequence[Draft]) -> None:
    """A Subscription that was written is tried by the courier before it is active; what it was told before stays counted. It keeps the scopes of whoever wrote
    it, and never tells more. Raises Forbidden where these do not cover what it asks."""
    for item, d in zip(items, made, strict=True):
        if d.type_name == "Subscription":
            must_cover_wish(scope.principal, wish(item.resource))
            off = item.resource.get("status") == "off"
            SubscriptionState.objects.update_or_create(rid=d.rid, defaults={
                "hospital_id": scope.whole, "fhir_id": d.fhir_id, "client": scope.principal.id, "scopes": str(scope.principal.grant), "tries": 0, "due_at": timezone.now(),
                "state": SubscriptionState.State.OFF if off else SubscriptionState.State.REQUESTED})
            if off:
                Notification.objects.filter(subscription_id=d.rid).delete()


def note_treatment(scope: Scope, items: Sequence[Item], made: Sequence[Draft], homes: dict[int, UUID]) -> None:
    """Encounters, referrals, family doctors' panels and admission lists make treatment relationships."""
    spells = [(homes[d.patient], d.patient, spell) for i, d in zip(items, made, strict=True) if d.patient and d.type_name in treating.TYPES
              for spell in treating.spells(i.resource, scope.principal.hospital)]
    if spells:
        relationships.note(spells)


def note_groups(scope: Scope, stored: Sequence[tuple[Draft, dict[str, Any] | None]]) -> None:
    """Who is in a Group counts from this write on, for decisions that name it."""
    found = {f"{d.type_name}/{d.fhir_id}": resource for d, resource in stored if d.type_name in groups.TYPES}
    if found:
        groups.do_note(scope.whole or 0, found, timezone.now())


def note_consents(scope: Scope, items: Sequence[Item], made: Sequence[Draft], people: dict[int, UUID]) -> None:
    """A Consent of a patient counts from this write on: what it denies at once, what it permits when a human has seen the signed paper."""
    for item, d in zip(items, made, strict=True):
        if d.type_name == "Consent":
            filed.do_withdraw(d.rid, found=sources.of_person, acting=scope.principal)
            if d.patient and filed.counts(item.resource):
                found = sources.of_person(people.get(d.patient) or sources.persons_of([d.patient])[d.patient])
                filed.do_file(item.resource, d.rid, source=next(s for s in found if s.id == d.patient), sources=found, acting=scope.principal)
