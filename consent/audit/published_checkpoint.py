"""The log's head as others' tools read it: one C2SP signed note with the co-signatures over this
very head (c2sp.org/tlog-checkpoint, tlog-cosignature).
"""

from django.db import connection

from consent.audit.checkpoint import (
    BadCosignature,
    build_checkpoint_body,
    check_cosignature,
    sign_checkpoint,
)
from consent.audit.cosignatures import NEWEST_SQL, list_known_witnesses
from consent.audit.subtrees import range_root
from consent.audit.tree_head import load_newest_head
from consent.audit.witnesses import NoHead, find_origin

# index: consent_audit_cosignature_size
OVER_HEAD_SQL = """
SELECT DISTINCT ON (c.client) c.line, c.key FROM unnest(%(clients)s::text[]) w(client)
  JOIN consent_audit_cosignature c ON c.client = w.client AND c.size = %(size)s
WHERE NOT c.contradicts AND c.root = %(root)s AND c.origin = %(origin)s
ORDER BY c.client, c.id DESC
"""


def build_published_note(*, cosigned: bool) -> str:
    """The newest head; cosigned: the newest one that a witness has co-signed, where there is one.
    Raises NoHead.
    """
    head, origin = load_newest_head(), find_origin()
    if head is None:
        raise NoHead
    size, root, clients = head.size, head.root, sorted(list_known_witnesses())
    with connection.cursor() as cursor:
        if cosigned:
            cursor.execute(NEWEST_SQL, {"clients": clients, "size": head.size, "origin": origin})
            found = {(row[1], bytes(row[2])) for row in cursor.fetchall()}
            size, root = max(
                ((s, r) for s, r in found if range_root(cursor, 0, s) == r), default=(size, root)
            )
        cursor.execute(
            OVER_HEAD_SQL, {"clients": clients, "size": size, "root": root, "origin": origin}
        )
        rows = cursor.fetchall()
    body = build_checkpoint_body(origin, size, root)
    note = sign_checkpoint(origin, size, root)
    for line, key in rows:
        try:
            note += check_cosignature(line, bytes(key), body).line + "\n"
        except BadCosignature:
            continue
    return note
