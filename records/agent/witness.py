"""Be a witness of the platform's log: check at each exchange that it goes on from what we saw last,
co-sign it, and raise an alarm where it was cut, rolled back or forked, or signed with another key
(docs/sync.md, Witness).
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .back_off import BackOff
from .checkpoint import CheckpointFault, Head, cosign, goes_on, open_checkpoint, raw_key
from .notices import set_notice
from .platform_away import PlatformAway, Trouble
from .receipt_check import PinnedKeys
from .stream_sender import refuse_reply
from .witness_memory import (
    find_earlier_head,
    forget_restore,
    keep_seen,
    load_accepted,
    load_receipt_head,
    load_restore,
    load_seen,
    note_accepted,
    note_restore,
    prolong_restore,
)
from .witness_others import check_others, forget_pins
from .witness_restore import WitnessRestored, read_restore

if TYPE_CHECKING:
    from .context import AgentContext

EVERY = 300.0  # seconds
NOTICE = "witness"
ALARM_FILES, RESTORED_FILES = "witness-alarm-*.json", "witness-restored-*.json"
FAULTS = {
    "key": (
        "平台日志的树头不是用登记时交给我们的密钥签名的",
        "the log's head is not signed with the key that enrolment gave us",
    ),
    "smaller": ("平台日志比我们见过的短", "the log is shorter than the one that we saw"),
    "fork": (
        "平台日志不是从我们见过的那一份接着写的",
        "the log does not go on from the one that we saw",
    ),
    "receipt": (
        "回执里的树头与平台日志对不上",
        "the head in a receipt does not lead to the platform's log",
    ),
    "split": (
        "别的见证方联署过另一份日志，平台给各家看的不是同一份",
        "another witness has co-signed another log: the platform shows two of them",
    ),
    "forged": (
        "平台转来的他方联署不是用我们已知的密钥签的，可能是伪造",
        "a co-signature of another witness is not by the key that we know of it: it may be forged",
    ),
}


class WitnessAlarm(Exception):
    """fault: a key of FAULTS; evidence: what was seen, and what came."""

    def __init__(self, fault: str, evidence: dict[str, Any]) -> None:
        super().__init__(fault)
        self.fault, self.evidence = fault, evidence


def watch_log(context: AgentContext) -> None:
    """The loop of `run`."""
    back_off = BackOff()
    while not context.stopping.is_set():
        try:
            exchange_heads(context)
            back_off.succeeded()
            context.stopping.wait(EVERY)
        except PlatformAway as away:
            context.stopping.wait(back_off.failed(away.retry_after))


def exchange_heads(context: AgentContext) -> bool:
    """Once; whether all is well. Raises PlatformAway."""
    try:
        head = check_log(context)
    except WitnessRestored as restored:
        tell_restore(context, restored)
        return False
    except WitnessAlarm as alarm:
        raise_alarm(context, alarm)
        return False
    if load_restore(context.outbox):
        prolong_restore(context.outbox, head)  # what we saw stays, until somebody has accepted
        return False
    keep_seen(context.outbox, head)
    if list_alarms(context.home):
        return False
    set_notice(
        context.outbox,
        NOTICE,
        True,
        f"平台日志核对无误，共 {head.size:,} 行。",
        f"The platform's log was checked: {head.size:,} lines, nothing cut or changed.",
    )
    return True


def check_log(context: AgentContext) -> Head:
    """The newest head, which goes on from what we saw, or since a restore that was told from what
    we saw then, and from the newest receipt. Raises WitnessAlarm, WitnessRestored, PlatformAway.
    """
    restore = load_restore(context.outbox)
    seen = restore.head if restore else load_seen(context.outbox)
    head = ask_head(context, seen, "smaller", "fork", signed=restore is None)
    since = restore.at if restore else load_accepted(context.outbox)
    told = load_receipt_head(context.outbox, head.origin, since)
    if told is not None and (seen is None or told.size > seen.size):
        newer = ask_head(context, told, "receipt", "receipt", signed=False)
        head = max(head, newer, key=lambda h: h.size)
    return head


def ask_head(
    context: AgentContext, seen: Head | None, smaller: str, fork: str, *, signed: bool = True
) -> Head:
    """The newest head, which goes on from that one. Raises WitnessAlarm; WitnessRestored where the
    platform's log says why it does not.
    """
    question: dict[str, Any] = {}
    if seen is not None:
        question["seen"] = {"size": seen.size, "root": seen.root.hex(), "origin": seen.origin}
        if seen.at:
            question["seen"]["at"] = seen.at
        key = load_witness_key(context) if signed else None
        if key is not None:
            name, now = context.platform.client_id, int(context.platform.clock.now())
            question["cosignature"] = cosign(seen, key, name, now)
    reply = post_heads(context, question)
    if reply.status == 400 and "cosignature" in question:  # the key was changed, or its name
        del question["cosignature"]
        reply = post_heads(context, question)
    if reply.status != 200:
        raise refuse_reply(reply)
    answer = reply.json()
    evidence = {"seen": question.get("seen"), "answer": answer}
    try:
        head = open_checkpoint(str(answer.get("checkpoint", "")), load_pinned_keys(context).load())
        path = [bytes.fromhex(node) for node in answer.get("consistency", [])]
    except CheckpointFault as fault:
        raise WitnessAlarm("key", {**evidence, "why": str(fault)}) from fault
    except (TypeError, ValueError) as error:
        raise PlatformAway(Trouble.PLATFORM, "heads: an answer that cannot be read") from error
    head = replace(head, at=int(context.platform.clock.now()))
    if seen is None or (head.size >= seen.size and goes_on(seen, head, path)):
        check_other_witnesses(context, answer, head, evidence)
        return head
    told = read_restore(answer.get("restored"), seen, head, load_pinned_keys(context))
    if told is None:
        raise WitnessAlarm(smaller if head.size < seen.size else fork, evidence)
    if told.left is not None:  # what the log says that it went on from, and what we know of that
        ask_head(context, told.left, "smaller", "fork", signed=False)
        earlier = find_earlier_head(context.outbox, told.left)
        if earlier is not None:
            ask_head(context, earlier, "smaller", "fork", signed=False)
    raise WitnessRestored(told, head, evidence)


def check_other_witnesses(
    context: AgentContext, answer: Any, head: Head, evidence: dict[str, Any]
) -> None:
    """Raises WitnessAlarm. Earlier releases of the platform name none."""
    key = load_witness_key(context)
    own = raw_key(key.public_key()).hex() if key is not None else ""
    found = check_others(context.outbox, answer.get("witnesses"), head, own)
    if found is not None:
        raise WitnessAlarm(found.fault, {**evidence, "who": found.who})


def post_heads(context: AgentContext, question: dict[str, Any]) -> Any:
    return context.platform.send(
        "POST",
        f"{context.platform.sync_path}/heads",
        json.dumps(question).encode(),
        {"Content-Type": "application/json"},
    )


def load_pinned_keys(context: AgentContext) -> PinnedKeys:
    name = context.settings["platform"].get("platform_keys", "platform-keys.pem")
    return PinnedKeys(context.home / name)


def load_witness_key(context: AgentContext) -> Any:
    """None where this system was enrolled without one."""
    name = context.settings.get("witness", "key", fallback="").strip()
    if not name:
        return None
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key((context.home / name).read_bytes(), None)
    except (OSError, ValueError) as error:
        raise PlatformAway(Trouble.SETTINGS, f"[witness] key: {error}") from error


def list_alarms(home: Path) -> list[Path]:
    return sorted(home.glob(ALARM_FILES))


def write_evidence(context: AgentContext, kind: str, content: dict[str, Any]) -> Path:
    when = time.strftime("%Y%m%d-%H%M%S", time.gmtime(context.platform.clock.now()))
    path = context.home / f"witness-{kind}-{when}.json"
    path.write_text(
        json.dumps({"at": when, **content}, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    return path


def raise_alarm(context: AgentContext, alarm: WitnessAlarm) -> None:
    """A file with both heads, a line in `status`. It stays until somebody accepts it; what we saw
    stays what we saw.
    """
    mark = f"{alarm.fault}-{alarm.evidence.get('answer', {}).get('checkpoint', '')[:200]}"
    known = context.outbox.kept("witness.alarm") == mark and list_alarms(context.home)
    if not known:
        write_evidence(context, "alarm", {"fault": alarm.fault, **alarm.evidence})
        context.outbox.keep("witness.alarm", mark)
    zh, en = FAULTS[alarm.fault]
    names = "、".join(path.name for path in list_alarms(context.home))
    set_notice(
        context.outbox,
        NOTICE,
        False,
        f"警报：{zh}。请把文件 {names} 交给联盟的审计员；查清后运行"
        " witness --accept，警报才会消失。",
        f"Alarm: {en}. Give {names} to the alliance's auditor; once it is explained, run"
        " witness --accept to end the alarm.",
        "them",
    )


def tell_restore(context: AgentContext, restored: WitnessRestored) -> None:
    """The platform said that it was restored, and its log fits that: no alarm, and somebody has to
    know what was lost.
    """
    told = restored.told
    path = write_evidence(context, "restored", restored.evidence)
    note_restore(context.outbox, restored.head, told.at)
    since_zh = f"{told.since} 以后" if told.since else "不知道从什么时候起"
    since_en = f"since {told.since}" if told.since else "nobody knows since when"
    set_notice(
        context.outbox,
        NOTICE,
        False,
        f"平台 {told.at} 从备份恢复过（平台日志第 {told.line} 行有记录）。日志退回到"
        f" {told.left_size:,} 行，我们见过的 {told.seen_size:,} 行里，后面的"
        f" {told.lost_lines:,} 行没有了；{since_zh}存进去的数据可能丢了，代理会自动补发。"
        f"请向联盟核实，然后运行 witness --accept。前后两份树头都留在 {path.name}。",
        f"The platform was restored from a backup at {told.at} (line {told.line} of its log)."
        f" The log went back to {told.left_size:,} lines; of the {told.seen_size:,} that we saw"
        f" the last {told.lost_lines:,} are gone. What was stored {since_en} may be lost; the"
        " agent sends its part again. Ask the alliance whether that is so, then run witness"
        f" --accept. Both heads are kept in {path.name}.",
        "them",
    )


def accept_log(context: AgentContext) -> list[Path]:
    """Somebody has had it explained: from now on the log is what the platform shows now. The files
    with both heads stay, under another name. What was accepted; nothing where nothing was to be.
    """
    restore = load_restore(context.outbox)
    alarms = list_alarms(context.home)
    found = [*alarms, *sorted(context.home.glob(RESTORED_FILES))]
    head = restore.head if restore else find_shown_head(context, alarms)
    if head is not None:
        keep_seen(context.outbox, head, forget=True)
        note_accepted(context.outbox, context.platform.clock.now())
    forget_restore(context.outbox)
    if found:
        forget_pins(context.outbox)
    context.outbox.keep("witness.alarm", "")
    return [path.rename(free_name(path)) for path in found]


def find_shown_head(context: AgentContext, alarms: list[Path]) -> Head | None:
    """What the platform showed at the newest alarm; None where no key that we trust signed it."""
    try:
        said = json.loads(alarms[-1].read_text(encoding="utf-8"))
        checkpoint = str(said["answer"]["checkpoint"])
        head = open_checkpoint(checkpoint, load_pinned_keys(context).load())
    except (IndexError, OSError, KeyError, TypeError, ValueError):
        return None
    return replace(head, at=int(context.platform.clock.now()))


def free_name(path: Path) -> Path:
    accepted = path.with_name(path.name.replace("witness-", "witness-accepted-", 1))
    number = 1
    while accepted.exists():
        number += 1
        accepted = accepted.with_name(f"{accepted.stem}-{number}.json")
    return accepted
