"""The loops of `run`, each (name, "module:function") below this package. A function takes the
context and returns when `context.stopping` is set; one that raises is told and started again.
"""

from __future__ import annotations

LOOPS: tuple[tuple[str, str], ...] = (
    ("send", "sender:send_waiting"),
    ("heartbeat", "heartbeat:beat"),
    ("dead-letters", "dead_letters:follow_dead_letters"),
    ("bodies", "body_keeping:drop_old_bodies"),
    ("mllp", "mllp.server:serve_mllp"),
    ("sql", "sql.poll_views:poll_views"),
    ("page", "status_page:serve_status"),
    ("witness", "witness:watch_log"),
    ("reconcile", "reconcile:reconcile_nightly"),
    ("folder", "folder:watch_folder"),
)
