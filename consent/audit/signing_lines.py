"""Find the sealed line of a signature that was made in a hospital's name, with its proof, to go
along with what was signed (docs/adr/0089).
"""

import datetime as dt
from typing import Any

from django.db import connection

from consent.audit import canonical_line
from consent.audit.event import EventCode
from consent.audit.inclusion_proofs import InclusionProver
from consent.audit.tree_head import TreeHead

AROUND = dt.timedelta(minutes=10)  # of a signature, in which its line was recorded

# index: consent_audit_event_actor, consent_audit_leaf_event_id_key
LINE_SQL = f"""
SELECT e.*, l.position, l.hash FROM (
  SELECT {canonical_line.SELECT} FROM consent_audit_event
  WHERE actor_kind = 'staff' AND actor = %(staff)s AND recorded >= %(start)s
    AND recorded < %(end)s AND code = %(code)s AND strpos(detail, %(signature)s) > 0) e
  JOIN consent_audit_leaf l ON l.event_id = e.id
WHERE l.position < %(size)s ORDER BY l.position LIMIT 1
"""


def find_signing_line(
    signature: str, staff: str, at: dt.datetime, head: TreeHead
) -> dict[str, Any] | None:
    """signature: as the line's detail has it. None where it is not sealed yet, or lies in an
    archive. Raises LogDamaged.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            LINE_SQL,
            {
                "staff": staff,
                "start": at - AROUND,
                "end": at + AROUND,
                "code": str(EventCode.OPINION_SIGN),
                "signature": signature,
                "size": head.size,
            },
        )
        row = cursor.fetchone()
        if row is None:
            return None
        *fields, position, leaf = row
        path = InclusionProver(cursor, head.size, head.root).path(position)
    line = canonical_line.line_from_row(tuple(fields))
    return {
        "id": line["id"],
        "line": line,
        "leaf": bytes(leaf).hex(),
        "position": position,
        "path": [node.hex() for node in path],
    }
