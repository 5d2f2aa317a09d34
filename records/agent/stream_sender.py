"""Send the batches of one stream in their order, and do what the platform's answer asks for
(docs/sync.md, Errors and Push).
"""

from __future__ import annotations

import gzip
import io
import time
from typing import TYPE_CHECKING, Any

from .outbox_batches import MOST_BYTES, MOST_ITEMS, Batch
from .platform_away import PlatformAway, Trouble
from .platform_client import Reply, read_error
from .receipt_check import PinnedKeys, check_receipt

if TYPE_CHECKING:
    from .context import AgentContext
    from .throttle import Throttle

AHEAD = 16  # batches of a stream that may be accepted (202) and not yet done
SURE_AFTER = 1  # attempts before the one that an item is refused by
ALONE_IN_A_ROW = 20  # items refused one by one, without one that passes, before we stop
HEADERS = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}


class StreamSender:
    """Used by one thread at a time. stream, name: its number and its name."""

    def __init__(
        self, context: AgentContext, stream: int, name: str, keys: PinnedKeys, throttle: Throttle
    ) -> None:
        self.context = context
        self.stream = stream
        self.name = name
        self.keys = keys
        self.throttle = throttle
        self.most_items = MOST_ITEMS
        self.most_bytes = MOST_BYTES
        self._ask_at = 0.0  # by time.monotonic(): when the oldest accepted batch is asked for
        self._alone = 0
        self._client = context.platform.client_id

    @property
    def path(self) -> str:
        return f"{self.context.platform.sync_path}/batches"

    def take_turn(self) -> bool:
        """Send what can be sent now, a batch or a few; whether anything was done. Raises
        PlatformAway.
        """
        book = self.context.outbox.batches
        if self.name in self.context.outbox.doubtful:
            self._settle_doubt()
        batches = book.open_batches(self.stream)
        done = False
        for place, batch in enumerate(batches):
            if self.context.stopping.is_set():
                return done
            if batch.state == "formed":
                if not self._send(batch):
                    return True  # something was unmade: begin again
                done = True
            elif place == 0 and time.monotonic() >= self._ask_at:
                done |= self._ask_receipt(batch)
        if len(batches) < AHEAD:
            if self._number_unknown():
                self._ask_next_number()
            batch_or_none = book.form_batch(self.stream, self.most_items, self.most_bytes)
            if batch_or_none is not None:
                self._send(batch_or_none)
                done = True
        return done

    def _settle_doubt(self) -> None:
        """The heartbeat heard that the platform expects a batch that we have a receipt of."""
        number = self.fetch_next_number()
        if self.context.outbox.batches.last_answered(self.stream) >= number:
            self._go_back(number, "restored")
        self.context.outbox.doubtful.discard(self.name)

    def _number_unknown(self) -> bool:
        return bool(
            self.context.outbox.read(
                "SELECT 1 FROM streams WHERE stream = ? AND next_number IS NULL", (self.stream,)
            ).fetchone()
        )

    def _ask_next_number(self) -> None:
        """An outbox that is new, or of another client, does not know what was sent before it."""
        self.context.outbox.batches.set_next_number(self.stream, self.fetch_next_number())

    def fetch_next_number(self) -> int:
        reply = self.context.platform.send("GET", f"{self.path}/{self.name}")
        if reply.status not in (200, 404):
            raise refuse_reply(reply)
        answer = reply.json()
        if reply.status == 404 and "next" not in answer and answer.get("error") != "unknown":
            raise refuse_reply(reply)
        return int(answer.get("next", 1))

    def _send(self, batch: Batch) -> bool:
        """Whether the stream goes on behind it."""
        if not self.throttle.wait_turn(self.context.stopping):
            return False
        body = self._pack(batch)
        self.context.outbox.batches.note_attempt(batch)
        timeout = self.context.settings.getfloat("platform", "timeout")
        reply = self.context.platform.send("POST", self.path, body, dict(HEADERS), timeout)
        self.throttle.note_sent(len(body))
        return self._take_answer(batch, reply)

    def _pack(self, batch: Batch) -> bytes:
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as file:
            for line in self.context.outbox.batches.iterate_lines(batch):
                file.write(line)
        return packed.getvalue()

    def _take_answer(self, batch: Batch, reply: Reply) -> bool:
        book = self.context.outbox.batches
        if reply.status == 200:
            self._take_receipt(batch, reply)
            return True
        if reply.status == 202:
            # where to ask is known: the answer leads the token nowhere else
            book.note_accepted(batch, f"{self.path}/{self.name}/{batch.number}")
            self._ask_at = time.monotonic() + (reply.retry_after or 1.0)
            return True
        if reply.status == 410:
            self._go_back(int(reply.json()["next"]), "restored")
            return False
        if reply.status == 409:
            self._take_conflict(batch, reply)
            return False
        if reply.status in (400, 413, 422):
            self._make_smaller(batch, reply)
            return False
        raise refuse_reply(reply)

    def _take_receipt(self, batch: Batch, reply: Reply) -> None:
        answer = reply.json()
        hospital = self.context.platform.hospital
        check_receipt(answer, batch, self.name, hospital, self._client, self.keys)
        self.context.outbox.batches.note_receipt(batch, answer)
        self._alone = 0
        self.most_items = min(MOST_ITEMS, self.most_items * 2)
        self.most_bytes = min(MOST_BYTES, self.most_bytes * 2)

    def _ask_receipt(self, batch: Batch) -> bool:
        """Of an accepted batch; whether it is there."""
        reply = self.context.platform.send(
            "GET", batch.location or f"{self.path}/{self.name}/{batch.number}"
        )
        if reply.status == 200:
            self._take_receipt(batch, reply)
            self._ask_at = 0.0
            return True
        if reply.status == 202:
            self._ask_at = time.monotonic() + (reply.retry_after or 1.0)
            return False
        if reply.status in (404, 410):
            answer = reply.json()
            if "next" in answer:
                self._go_back(int(answer["next"]), "restored")
                return True
        raise refuse_reply(reply)

    def _take_conflict(self, batch: Batch, reply: Reply) -> None:
        answer = reply.json()
        if answer.get("error") == "gap" and int(answer["next"]) < batch.number:
            self._go_back(int(answer["next"]), "restored")
            return
        # Another outbox of this system has used the number: this one is an old copy. Never reuse.
        number = max(self.fetch_next_number(), batch.number + 1)
        self.context.outbox.batches.rewind(self.stream, batch.number, number)
        self._tell(
            "copied",
            f"待发库是一份旧拷贝：平台上已经有更新的批次。已从第 {number} 批接着发，"
            "请运行 xinglin-agent reconcile 核对一遍。",
            f"The outbox is an old copy: the platform has later batches of it. It goes on with"
            f" number {number}; run xinglin-agent reconcile.",
        )

    def _go_back(self, number: int, notice: str) -> None:
        """The platform expects `number`, which we had an answer for: it was restored."""
        lost = self.context.outbox.batches.rewind(self.stream, number, number)
        self._tell(
            notice,
            "平台从备份恢复过，之后的数据正在自动重发。"
            + (f"其中 {lost} 条本机已不留原文，请重新导出，再运行 reconcile。" if lost else ""),
            "The platform was restored from a backup: what came after it is sent again."
            + (f" {lost} records have no body here any more: export them again." if lost else ""),
            ok=not lost,
        )

    def _make_smaller(self, batch: Batch, reply: Reply) -> None:
        """Nothing of it was stored: the same items in smaller batches, down to the faulty one."""
        book = self.context.outbox.batches
        if batch.items > 1:
            book.rewind(self.stream, batch.number, batch.number)
            self.most_items = max(1, batch.items // 2)
            return
        if batch.attempts < SURE_AFTER:  # a line that breaks can look like a faulty body
            return
        self._alone += 1
        if self._alone > ALONE_IN_A_ROW:
            raise PlatformAway(Trouble.PLATFORM, f"{reply.status} {read_error(reply)}")
        answer: Any = reply.json()
        book.set_aside(batch, answer if isinstance(answer, dict) else {})

    def _tell(self, name: str, zh: str, en: str, ok: bool = False) -> None:
        from .notices import set_notice

        set_notice(self.context.outbox, name, ok, zh, en)


def refuse_reply(reply: Reply) -> PlatformAway:
    """What an answer that is none of the protocol's good ones means."""
    words = f"{reply.status} {read_error(reply)}".strip()
    if reply.status in (401, 403):
        return PlatformAway(Trouble.CREDENTIALS, words)
    if reply.status in (404, 405):
        return PlatformAway(Trouble.SETTINGS, f"{words}: [platform] url, hospital")
    return PlatformAway(Trouble.PLATFORM, words, reply.retry_after)
