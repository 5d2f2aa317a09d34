"""An upgrade whose index says more: rows get its entries beside those that the site searches by,
the site is switched, and the older entries go (docs/adr/0043).
"""

import time
from collections.abc import Iterator
from functools import partial

from django.db import transaction

from alliance.database.index_version import UNTAGGED, VERSION
from alliance.database.locks import brief_lock_timeout, retry_on_lock
from records.fhir.json_codec import parse_json
from records.fhir.sensitivity_labels import labels_and_marks
from records.search.index_resource import build_index
from records.store.maintenance import index_fill_rows, reindex_rows
from records.store.maintenance.index_fill_rows import BATCH, DueRow

__all__ = [
    "BATCH",
    "begin_index_fill",
    "contract_index",
    "fill_index",
    "finish_index_fill",
    "needs_index_fill",
]

WORK_SHARE = 0.5  # of the time beside the site that is work; the rest is the site's
SWITCH_ROWS = 500  # rows that one pass leaves: the switch does them
PAUSE = 0.1
PASSES = 20  # then those who write are faster, and the switch does more


def needs_index_fill() -> bool:
    """Whether rows have to get entries beside those that are there. Those of the first versions
    cannot stand beside others and are made anew in place (records.maintenance.reindex).
    """
    return UNTAGGED <= index_fill_rows.load_index_state().version < VERSION


def fill_index(beside: bool) -> Iterator[int]:
    """Yields how many rows were done, after each committed batch; may be broken off and begun
    again, and goes on where it was. beside: the site serves meanwhile: until few are left, at its
    share. Otherwise all.
    """
    begin_index_fill()
    done = 0
    for _ in range(PASSES):
        before, kept, rid = done, 0, 0
        while found := index_fill_rows.fetch_due_rows(kept, rid):
            began = time.monotonic()
            done += retry_on_lock(partial(fill_index_batch, found))
            kept, rid = found[-1].kept, found[-1].draft.resource_id
            index_fill_rows.update_index_state(
                remaining=max(0, index_fill_rows.load_index_state().remaining - len(found))
            )
            yield done
            if beside:
                time.sleep((time.monotonic() - began) * (1 / WORK_SHARE - 1))
        if done - before < SWITCH_ROWS and (beside or not index_fill_rows.count_due_rows()):
            break
        time.sleep(PAUSE)  # somebody was writing what is left
    index_fill_rows.update_index_state(remaining=index_fill_rows.count_due_rows())


def begin_index_fill() -> None:
    """What older versions than the last one have left goes first: two stand side by side, never
    three.
    """
    for _ in contract_index():
        pass
    index_fill_rows.create_due_index()
    index_fill_rows.update_index_state(filling=VERSION, remaining=index_fill_rows.count_due_rows())


def fill_index_batch(found: list[DueRow]) -> int:
    relabel_older_versions([f.draft.resource_id for f in found if f.draft.version > 1])
    for _, draft, _ in found:
        if not draft.deleted:
            resource = parse_json(draft.body)
            draft.index = build_index(resource)
            draft.labels, draft.index.marks = labels_and_marks(resource)
    with brief_lock_timeout():
        return index_fill_rows.fill_due_rows(found)


def relabel_older_versions(rids: list[int]) -> None:
    """Older versions of these by this release's rules for labels; which only grow, here and on
    the resource.
    """
    rid, version = 0, 0
    while rids and (found := index_fill_rows.fetch_older_versions(rids, rid, version)):
        more = [
            (r, v, bits)
            for r, v, labels, body in found
            if (bits := labels_and_marks(parse_json(body))[0]) & ~labels
        ]
        if more:
            with brief_lock_timeout():
                reindex_rows.add_labels(more)
        rid, version = found[-1][:2]


def finish_index_fill() -> None:
    """Nobody serves: the last rows, and from now on the site searches by these entries. Raises
    RuntimeError where a row is left.
    """
    for _ in fill_index(beside=False):
        pass
    if left := index_fill_rows.count_due_rows():
        raise RuntimeError(
            f"{left} rows have no entries of index version {VERSION}: somebody holds them"
        )
    with transaction.atomic():
        index_fill_rows.update_index_state(version=VERSION, filling=None, remaining=0, contracted=0)


def contract_index(seconds: float = float("inf")) -> Iterator[int]:
    """Take off the entries that no release asks for any more, for so long at most; yields the
    last row of each committed batch.
    """
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        state = index_fill_rows.load_index_state()
        if state.contracted is None:
            return
        began = time.monotonic()
        with brief_lock_timeout():
            last = index_fill_rows.contract_rows(state.contracted, state.version)
            index_fill_rows.update_index_state(contracted=last)
        if last is None:
            index_fill_rows.drop_due_indexes()
            return
        yield last
        time.sleep((time.monotonic() - began) * (1 / WORK_SHARE - 1))
