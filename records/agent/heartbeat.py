"""Tell the platform each minute how the agent is, and hear which batch it expects of each stream:
an older number than ours means that it was restored from a backup, also where nothing is sent.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import __version__
from .back_off import BackOff
from .platform_away import PlatformAway
from .reconcile import describe_last_result
from .stream_sender import refuse_reply

if TYPE_CHECKING:
    from .context import AgentContext

MINUTE = 60.0


def beat(context: AgentContext) -> None:
    back_off = BackOff()
    while not context.stopping.is_set():
        try:
            send_heartbeat(context)
            back_off.succeeded()
            context.stopping.wait(MINUTE)
        except PlatformAway as away:  # told by the sender, and by the platform's own clock
            context.stopping.wait(back_off.failed(away.retry_after))


def send_heartbeat(context: AgentContext) -> None:
    """Raises PlatformAway."""
    answered = list_answered(context)
    body = json.dumps(describe_agent(context), ensure_ascii=False).encode()
    path = f"{context.platform.sync_path}/heartbeat"
    reply = context.platform.send("POST", path, body, {"Content-Type": "application/json"})
    if reply.status != 200:
        raise refuse_reply(reply)
    expected = reply.json().get("next") or {}
    for name, number in answered.items():
        if name in expected and int(expected[name]) <= number:
            context.outbox.doubtful.add(name)  # its sender asks, and goes back


def describe_agent(context: AgentContext) -> dict[str, Any]:
    """No patient, no file name: counts alone."""
    state = context.outbox.state()
    compared = describe_last_result(context)
    return {
        **({"compared": compared} if compared else {}),
        "version": __version__,
        "backlog": state.backlog,
        "oldest": int(state.oldest),
        "refused": state.refused_by_source,
        "clock": round(context.platform.clock.offset),
        "free": state.free_bytes,
        "full": state.full,
    }


def list_answered(context: AgentContext) -> dict[str, int]:
    """The last number of each stream that has a receipt."""
    return dict(
        context.outbox.read(
            "SELECT s.name, max(b.number) FROM streams s JOIN batches b USING (stream)"
            " WHERE b.state = 'done' GROUP BY s.name"
        ).fetchall()
    )
