"""For the operator's commands: bodies that another key or dictionary wrote are written anew, in batches beside the running site. Nothing
leaves the store, no version is made."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import connection

from alliance.config.locks import again, waiting_briefly
from records.store import dictionaries, keys
from records.store.codec import PLAIN, Place, Unreadable, made_with, seal, unseal

BATCH = 1000
FIELDS = "rid, version, body, hospital, type, fhir_id, last_updated"
# index: record_resource_pkey, record_history_pkey
NEXT = """
SELECT {fields} FROM {table} WHERE (rid, version) > (%s, %s) AND octet_length(body) > 1 AND hospital = %s
ORDER BY rid, version LIMIT %s FOR NO KEY UPDATE
"""
PUT = "UPDATE {table} SET body = %s WHERE rid = %s AND version = %s"


def rewrite(hospital: int, lost: list[str] | None = None) -> Iterator[int]:
    """Yields how many of the hospital's bodies were looked at, after each committed batch; may be broken off and begun again. What does not
    open is left as it is and told in `lost`."""
    done = 0
    for table in ("record_history", "record_resource"):
        at = (0, 0)
        while True:
            found = again(partial(rewrite_batch, hospital, table, at, lost))
            if not found:
                break
            at, done = found[-1][:2], done + len(found)
            yield done


def rewrite_batch(hospital: int, table: str, at: tuple[int, int], lost: list[str] | None) -> list[tuple[Any, ...]]:
    with waiting_briefly(), connection.cursor() as cursor:
        cursor.execute(NEXT.format(fields=FIELDS, table=table), [*at, hospital, BATCH])
        found = cursor.fetchall()
        wanted = (dictionaries.current(), keys.current(hospital)[0])
        old = [r for r in found if made_with(bytes(r[2])) != wanted]
        good = [(r, place, body) for r in old for place in [Place(*r[3:6], r[1], r[6])] for body in readable(bytes(r[2]), place, lost)]
        anew = seal([(body, place) for _, place, body in good])
        cursor.executemany(PUT.format(table=table), [(body, r[0], r[1]) for body, (r, _, _) in zip(anew, good, strict=True) if body != PLAIN])
        return found  # type: ignore[no-any-return]


def readable(stored: bytes, place: Place, lost: list[str] | None) -> list[bytes]:
    try:
        return unseal([(stored, place)])
    except Unreadable as error:
        if lost is not None:
            lost.append(str(error))
        return []


def retire(hospital: int) -> int:
    """Mark the keys that no body of the hospital names any longer; how many. They are kept: old backups need them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_key SET retired_at = now() WHERE hospital = %s AND retired_at IS NULL AND id < (SELECT max(id) FROM record_key WHERE hospital = %s)",
            [hospital, hospital])
        return cursor.rowcount


def sample(count: int) -> list[tuple[bytes, Place]]:
    """About so many bodies, spread evenly over all rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource")
        step = max(1, cursor.fetchone()[0] // count)
        cursor.execute(f"SELECT {FIELDS} FROM record_resource WHERE octet_length(body) > 1 AND rid %% %s = 0 ORDER BY rid LIMIT %s", [step, count])
        found = [(bytes(r[2]), Place(*r[3:6], r[1], r[6])) for r in cursor.fetchall()]
    return [(body, place) for stored, place in found for body in readable(stored, place, None)]


def rewrap(master: bytes) -> int:
    """Wrap all keys and dictionaries with another master key, inside the caller's transaction; how many."""
    done = 0
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE record_key, record_dictionary, alliance_columnkey IN SHARE ROW EXCLUSIVE MODE")
        for table, key, owner, column, name in (("record_key", "id", "hospital", "wrapped", "hospital/{1}"), ("record_dictionary", "version", "version", "content", "dictionary/{0}"),
                                                ("alliance_columnkey", "id", "id", "wrapped", "column/{0}")):
            cursor.execute(f"SELECT {key}, {owner}, {column} FROM {table} ORDER BY 1 FOR UPDATE")
            for row in cursor.fetchall():
                purpose = name.format(*row)
                cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [keys.wrap(master, keys.unwrap(row[2], purpose), purpose), row[0]])
                done += 1
    return done
