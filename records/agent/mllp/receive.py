"""Do messages of a line: map them, put what they say into the outbox, answer them. An answer AA is
written after the outbox has it on the disk.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Iterator

from ..hl7 import rules
from ..hl7.build_items import build_items
from ..hl7.message import Message
from ..hl7.origin import Hl7Origin
from ..hl7.read_hl7_file import Unreadable, open_message
from ..hl7.split_messages import MessageBytes, split_messages
from ..item import Item
from ..item_line import ItemFault, check_item
from ..outbox_faults import OutboxFault
from ..refusal import Refusal, Rule
from .acknowledge import FAULTY, LATER, TAKEN, write_answer
from .answer_ledger import AnswerLedger, content_key, message_key
from .refused_messages import RefusedMessages

if TYPE_CHECKING:
    from ..outbox import Outbox

OTHER_CONTENT = Rule(
    "mllp.other-content",
    "编号 {value} 的消息已经收过，这次内容不同：没有收。",
    "请让发送方给每条消息一个新的编号（MSH-10）。",
    "A message of the number {value} was taken before, with other content: this one was not.",
    "Let the sender give each message a number of its own (MSH-10).",
)
UNSENDABLE = Rule(
    "mllp.unsendable",
    "消息里的编号不能用：{value}",
    "请核对编号字段里有没有控制字符。",
    "A number in the message cannot be used: {value}",
    "See whether there are control characters in its numbers.",
)
SEVERAL = Rule(
    "mllp.several",
    "一个 MLLP 帧里有 {value} 条消息：只能有一条。",
    "请让发送方逐条发送。",
    "There are {value} messages in one MLLP frame: there is one at most.",
    "Let the sender frame each message.",
)


@dataclass
class Received:
    """A message on its way to its answer."""

    content: bytes
    message: Message | None = None
    items: list[Item] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    key: bytes = b""
    answer: bytes = b""
    twin: Received | None = None  # the same message, earlier in what came together

    @property
    def faulty(self) -> bool:
        return any(not r.warning for r in self.refusals)


@dataclass
class Receiver:
    """ignored: message types (SIU) or types with event (ADT^A31) that are answered AA and not
    read. on_alarm is told (Chinese, English) of what people must look at.
    """

    outbox: Outbox
    ledger: AnswerLedger
    refused: RefusedMessages
    origin: Hl7Origin
    language: str = "zh"
    ignored: frozenset[str] = frozenset()
    on_alarm: Callable[[str, str], None] = lambda zh, en: None
    taken: int = 0
    _under_way: set[bytes] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def answer(self, contents: list[bytes]) -> list[bytes]:
        """What came together, in its order; one commit for all of it."""
        received = [self._open(content) for content in contents]
        keys = {r.key for r in received if r.key}
        with self._hold(keys):
            fresh = self._find_fresh(received)
            self._store(fresh)
        return [r.twin.answer if r.twin else r.answer for r in received]

    @contextmanager
    def _hold(self, keys: set[bytes]) -> Iterator[None]:
        """The same message over two lines at once: the second waits for the first."""
        with self._changed:
            self._changed.wait_for(lambda: not keys & self._under_way)
            self._under_way |= keys
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= keys
                self._changed.notify_all()

    def _open(self, content: bytes) -> Received:
        received = Received(content)
        messages, _ = split_messages(content)
        if len(messages) != 1:
            rule = rules.NO_MESSAGE if not messages else SEVERAL
            received.refusals.append(self._refusal(rule, str(len(messages))))
            if messages:
                received.message = self._parse(received, messages[0])
            return received
        received.message = self._parse(received, messages[0])
        if received.message is not None and received.message.control_id:
            message = received.message
            received.key = message_key(message.sender, message.control_id)
        return received

    def _parse(self, received: Received, found: MessageBytes) -> Message | None:
        try:
            return open_message(found, self.origin.encoding)[0]
        except Unreadable as fault:
            received.refusals.append(self._refusal(fault.rule, fault.value))
            return None

    def peek(self, begun: bytes) -> Message | None:
        """The header of a message that is not read on, for its answer."""
        header = begun.replace(b"\n", b"\r").split(b"\r")[0]
        return self._parse(Received(begun), MessageBytes(1, header))

    def _refusal(self, rule: Rule, value: str = "", column: str = "MSH") -> Refusal:
        return Refusal(self.origin.file, 1, column, value, rule)

    def _find_fresh(self, received: list[Received]) -> list[Received]:
        """Without those that were taken before; these have their answers then."""
        fresh: list[Received] = []
        first: dict[bytes, Received] = {}
        for one in received:
            before = self.ledger.find(one.key) if one.key else None
            same = first.get(one.key) if one.key else None
            if before is not None and before[0] == content_key(one.content):
                one.answer = before[1]
            elif before is not None or (same is not None and same.content != one.content):
                assert one.message is not None
                one.refusals = [self._refusal(OTHER_CONTENT, one.message.control_id, "MSH-10")]
                self._refuse(one)
                self.on_alarm(
                    f"发送方用同一编号发来了不同的内容（{one.message.control_id}）。",
                    f"A sender uses one number for different messages ({one.message.control_id}).",
                )
            elif same is not None:
                one.twin = same
            else:
                if one.key:
                    first[one.key] = one
                fresh.append(one)
        return fresh

    def _store(self, fresh: list[Received]) -> None:
        for one in fresh:
            self._map(one)
        try:
            self.outbox.add_items(item for one in fresh for item in one.items)
        except (OutboxFault, sqlite3.Error, OSError, RuntimeError) as error:
            words = getattr(error, "words", {}).get(self.language) or type(error).__name__
            for one in fresh:
                one.answer = write_answer(one.message, LATER, [], self.language, words)
            self.on_alarm(
                "本机暂时存不下新消息，已请发送方稍后重发。",
                "This machine cannot store messages now; senders are asked to send again later.",
            )
            return
        for one in fresh:
            if one.faulty:
                self._refuse(one)
            else:
                one.answer = write_answer(one.message, TAKEN, [], self.language)
                self.taken += 1
        self.ledger.add(
            (one.key, content_key(one.content), one.answer)
            for one in fresh
            if one.key and not one.faulty
        )

    def _map(self, one: Received) -> None:
        message = one.message
        if message is None or one.faulty:
            return
        if {message.kind, f"{message.kind}^{message.event}"} & self.ignored:
            return
        items, refusals = build_items(message, self.origin)
        one.refusals += refusals
        for item in items:
            try:
                check_item(item)
            except ItemFault as fault:
                one.refusals.append(self._refusal(UNSENDABLE, str(fault)))
            else:
                one.items.append(item)

    def _refuse(self, one: Received) -> None:
        one.answer = write_answer(one.message, FAULTY, one.refusals, self.language)
        name = content_key(one.content).hex()[:24]
        first = next(r for r in one.refusals if not r.warning)
        self.on_alarm(*say_refused(first, self._keep_refused(name, one)))

    def _keep_refused(self, name: str, one: Received) -> OSError | None:
        """Why it could not be kept, of a full disk say; the sender has the reason in its answer."""
        try:
            self.refused.keep(name, one.content, one.refusals, self.language)
        except OSError as error:
            return error
        return None


def say_refused(first: Refusal, fault: OSError | None) -> tuple[str, str]:
    """In Chinese and English, and where the message lies, if anywhere."""
    zh, en = (
        (
            "原文和原因见 mllp-refused 文件夹。",
            "It lies in the folder mllp-refused with its reasons.",
        )
        if fault is None
        else (
            f"原文未能存入 mllp-refused 文件夹（{fault}），原因只在应答中。",
            f"It could not be kept in the folder mllp-refused ({fault}): its reasons stand"
            " in the answer alone.",
        )
    )
    return (
        f"有消息被退回：{first.why('zh')}{zh}",
        f"A message was refused: {first.why('en')} {en}",
    )
