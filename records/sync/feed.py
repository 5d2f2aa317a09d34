"""Read a hospital's feed: what changed that concerns it, in the order of commits and without a gap
(docs/sync.md, Pull, docs/adr/0063). The gate decides at delivery, and the page's line is in the log
before it leaves.

What is hidden moves nothing but the cursor, which says nothing: a page is as full, and says `more`,
as if it were not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed
from alliance.roles import Permission
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import EventCode
from consent.changes import ConsentChange, fetch_consent_changes, fetch_newest_change
from consent.terms import AccessRequest, Scope
from records.identity.link_changes import LinkChange, fetch_link_changes
from records.mpi.index.source_patients import PersonRegistrations, registrations_of_persons
from records.store import changes
from records.store.feed_candidates import Candidate, fetch_candidates, fetch_newest_commit
from records.store.feed_query import fetch_chosen
from records.store.rows import SEARCH, Row
from records.sync.feed_cursor import CONSENT, LINK, RECORD, FeedPlace
from records.sync.feed_entries import build_consent_entry, build_link_entry, build_record_entry

MOST_ENTRIES = 1000  # of a page
# records of the whole alliance; at first as many as the page may hold, for the gate is asked of all
# of them, whether they come onto the page or not; then twice as many, and so on
SCANNED_AT_ONCE = 2000
OTHERS_AT_ONCE = 500  # decisions, and changes of consent
MOST_SCANNED = 40_000  # records of the whole alliance, for one page
NOBODY_KNOWN = PersonRegistrations((), ())


class FeedEvent(NamedTuple):
    place: FeedPlace
    what: Candidate | LinkChange | ConsentChange


@dataclass(slots=True)
class FeedPage:
    """entries: as JSON; place: behind the last one, or behind all that there is; more: whether to
    ask again at once.
    """

    place: FeedPlace
    entries: list[bytes] = field(default_factory=list)
    more: bool = False
    persons: set[UUID] = field(default_factory=set)
    logged: bool = False  # whether a line of it is in the log


@dataclass(frozen=True, slots=True)
class FeedReader:
    """One system's view of the feed, at this moment. own: the scope of its own store; stores: all
    hospitals; bodies: whether the resources come along.
    """

    caller: Principal
    own: Scope
    stores: tuple[int, ...]
    fhir_root: str
    bodies: bool = False


def open_feed(caller: Principal, fhir_root: str, *, bodies: bool = False) -> FeedReader:
    """Raises Refused, Forbidden."""
    own = gate.authorize_access(build_request(caller, bodies=bodies))
    return FeedReader(caller, own, tuple(changes.list_hospital_ids()), fhir_root, bodies)


def find_present() -> FeedPlace:
    """Behind all that can be read now."""
    return FeedPlace(int(changes.fetch_feed_end()))


def build_request(caller: Principal, *, bodies: bool) -> AccessRequest:
    return AccessRequest(
        caller,
        Permission.RECORD_READ,
        EventCode.RECORD_FEED,
        f"{caller.hospital}/feed",
        hospital_id=caller.hospital_id,
        need=ScopeNeed("rs" if bodies else "s"),
    )


def read_page(reader: FeedReader, place: FeedPlace, limit: int) -> FeedPage:
    """What comes behind the place, `limit` entries at most. Nothing is in the log yet where
    nothing was found (`write_page_line`).
    """
    horizon = int(changes.fetch_feed_end())
    page = FeedPage(place)
    scanned, most = 0, min(limit + 1, SCANNED_AT_ONCE)
    while scanned < MOST_SCANNED:
        events, end = gather_events(reader, page.place, horizon, most)
        scanned, most = scanned + most, min(2 * most, SCANNED_AT_ONCE)
        take_events(reader, page, events, limit)
        if len(page.entries) >= limit:
            page.more = True
            return page
        page.place = max(page.place, end)
        if end >= FeedPlace(horizon):
            return page
    page.more = True
    return page


def gather_events(
    reader: FeedReader, place: FeedPlace, horizon: int, most: int
) -> tuple[list[FeedEvent], FeedPlace]:
    """(what may concern the hospital, in order; the place up to which it is whole). most: records
    that are looked through.
    """
    hospital_id = reader.caller.hospital_id
    candidates, candidates_cut = fetch_candidates(
        hospital_id, reader.stores, place.after(RECORD), horizon, most
    )
    links = fetch_link_changes(hospital_id, place.after(LINK), horizon, OTHERS_AT_ONCE)
    consents = fetch_consent_changes(reader.caller, place.after(CONSENT), horizon, OTHERS_AT_ONCE)
    ends = [FeedPlace(horizon)]
    if candidates_cut:
        ends.append(FeedPlace(candidates[-1].xid, RECORD, candidates[-1].resource_id))
    for kind, found in ((LINK, links), (CONSENT, consents)):
        if len({c.id for c in found}) >= OTHERS_AT_ONCE:
            ends.append(FeedPlace(found[-1].xid, kind, found[-1].id))
    end = min(ends)
    events = [
        FeedEvent(FeedPlace(c.xid, RECORD, c.resource_id), c) for c in candidates if c.concerned
    ]
    if reader.caller.grant.allows(SEARCH, "Patient"):
        events += [FeedEvent(FeedPlace(c.xid, LINK, c.id), c) for c in links if c.person]
        events += [FeedEvent(FeedPlace(c.xid, CONSENT, c.id), c) for c in consents if c.concerned]
    return sorted((e for e in events if e.place <= end), key=lambda e: e.place), end


def take_events(
    reader: FeedReader, page: FeedPage, events: Sequence[FeedEvent], limit: int
) -> None:
    """Fill the page with what of these the gate permits, in their order."""
    known = registrations_of_persons(
        {e.what.person for e in events if e.what.person}, reader.caller.hospital_id
    )
    others = authorize_others(reader, events, known)
    open_patients = {p for p, _ in others.patients} if others else set()
    left = [e for e in events if is_perhaps_open(reader, e, open_patients)]
    while left and len(page.entries) < limit:
        room = limit - len(page.entries)
        taken, left = left[:room], left[room:]
        rows = fetch_rows(reader, page, taken, others)
        for event in taken:
            add_entry(reader, page, event, rows, known)
        page.place = taken[-1].place


def authorize_others(
    reader: FeedReader, events: Sequence[FeedEvent], known: dict[UUID, PersonRegistrations]
) -> Scope | None:
    """What of other hospitals' records of these persons this system may see now."""
    own_id = reader.caller.hospital_id
    stores: dict[UUID, set[int]] = {}
    for event in events:
        if isinstance(event.what, Candidate) and event.what.store != own_id and event.what.person:
            stores.setdefault(event.what.person, set()).add(event.what.store)
    base = build_request(reader.caller, bodies=reader.bodies)
    about = [
        AccessRequest(
            reader.caller,
            base.permission,
            base.code,
            base.target,
            person=person,
            sources=tuple(s for s in known[person].sources if s.hospital_id in hospitals),
            all_sources=known[person].sources,
            need=base.need,
        )
        for person, hospitals in stores.items()
        if person in known
    ]
    return gate.authorize_feed(base, about) if about else None


def is_perhaps_open(reader: FeedReader, event: FeedEvent, open_patients: set[int]) -> bool:
    what = event.what
    return (
        not isinstance(what, Candidate)
        or what.store == reader.caller.hospital_id
        or what.source_patient_id in open_patients
    )


def fetch_rows(
    reader: FeedReader, page: FeedPage, taken: Sequence[FeedEvent], others: Scope | None
) -> dict[int, Row]:
    """{row: as the gate lets it out}; each statement leaves its line."""
    records = [e.what for e in taken if isinstance(e.what, Candidate)]
    own_id, rows = reader.caller.hospital_id, {}
    for scope, chosen in (
        (reader.own, [c for c in records if c.store == own_id]),
        (others, [c for c in records if c.store != own_id]),
    ):
        if scope is not None and chosen:
            page.logged = True
            rows |= {r.resource_id: r for r in fetch_chosen(scope, chosen, bodies=reader.bodies)}
    return rows


def add_entry(
    reader: FeedReader,
    page: FeedPage,
    event: FeedEvent,
    rows: dict[int, Row],
    known: dict[UUID, PersonRegistrations],
) -> None:
    what = event.what
    if isinstance(what, Candidate):
        if (row := rows.get(what.resource_id)) is not None:
            patients = known.get(what.person, NOBODY_KNOWN).patients if what.person else ()
            page.entries.append(build_record_entry(row, what.person, patients, reader.fhir_root))
        return
    if what.person:
        page.persons.add(what.person)
    page.entries.append(
        build_link_entry(what) if isinstance(what, LinkChange) else build_consent_entry(what)
    )


def write_page_line(reader: FeedReader, page: FeedPage) -> None:
    """The line of a page that holds nothing of a store, or more than that. Before it leaves."""
    if page.persons or not page.logged:
        append_event(reader.own.event.with_changes(persons=tuple(sorted(page.persons))))
        page.logged = True


def has_feed_news(caller: Principal, stores: tuple[int, ...], place: FeedPlace) -> bool:
    """Whether something that may concern the hospital has come behind the place: what of it may be
    told is decided when it is read.
    """
    horizon = int(changes.fetch_feed_end())
    if horizon <= place.xid or max(fetch_newest_commit(stores), fetch_newest_change()) < place.xid:
        return False
    candidates, cut = fetch_candidates(
        caller.hospital_id, stores, place.after(RECORD), horizon, SCANNED_AT_ONCE
    )
    return (
        cut
        or any(c.concerned for c in candidates)
        or any(
            c.person
            for c in fetch_link_changes(
                caller.hospital_id, place.after(LINK), horizon, OTHERS_AT_ONCE
            )
        )
        or any(
            c.concerned
            for c in fetch_consent_changes(caller, place.after(CONSENT), horizon, OTHERS_AT_ONCE)
        )
    )
