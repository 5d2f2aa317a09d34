"""TABLE of what the sandbox is tried with, in the order in which it is run; each check says what it
shows, and raises CheckFailed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable

from .acceptance_trial import AcceptanceTrial, CheckFailed, expect
from .item import derive_fhir_id

CODES = "http://terminology.hl7.org/CodeSystem"
RARE_NAME = "\U00020bb7㛃\ue863测试"  # beyond the BMP, extension A, private use


@dataclass(frozen=True)
class Check:
    zh: str
    en: str
    run: Callable[[AcceptanceTrial], None]
    mend_zh: str = "把这份报告交给平台管理员。"
    mend_en: str = "Give this report to the platform's operator."


def patient(trial: AcceptanceTrial, name: str = "测试患者") -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "name": [{"text": name}],
        "gender": "female",
        "birthDate": "1958-03-12",
    }


def result(trial: AcceptanceTrial, record: str = "", **more: Any) -> dict[str, Any]:
    subject = derive_fhir_id("accept", record or trial.patient)
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "丙氨酸氨基转移酶"},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": "2026-05-03T08:00:00+08:00",
        **more,
    }


def check_token(trial: AcceptanceTrial) -> None:
    reply = trial.client.send("GET", trial.path(f"batches/{trial.stream}"))
    expect(reply.status == 200 and reply.json()["next"] == 1, reply)


def check_batch(trial: AcceptanceTrial) -> None:
    outcomes = trial.done(
        trial.item("Patient", trial.patient, patient(trial)),
        trial.item("Observation", f"R1{trial.mark}", result(trial)),
    )
    if outcomes != {"stored": 2}:
        raise CheckFailed(str(outcomes))


def check_again(trial: AcceptanceTrial) -> None:
    first, again = trial.post(trial.last), trial.post(trial.last)
    expect(again.status == 200 and again.body == first.body, again, "bytes")


def check_gap(trial: AcceptanceTrial) -> None:
    reply = trial.post(
        trial.build(trial.number + 2, [trial.item("Patient", trial.patient, patient(trial), 2)])
    )
    answer = reply.json()
    expect(
        reply.status == 409 and (answer["error"], answer["next"]) == ("gap", trial.number + 1),
        reply,
    )


def check_other_root(trial: AcceptanceTrial) -> None:
    reply = trial.post(
        trial.build(trial.number, [trial.item("Patient", trial.patient, patient(trial, "别人"))])
    )
    answer = reply.json()
    expect(reply.status == 409 and answer["error"] == "other-root" and answer["receipt"], reply)


def check_change(trial: AcceptanceTrial) -> None:
    newer = trial.item("Observation", f"R1{trial.mark}", result(trial, note=[{"text": "复查"}]), 3)
    older = trial.item("Observation", f"R1{trial.mark}", result(trial, note=[{"text": "旧"}]), 2)
    if trial.done(newer) != {"stored": 1} or trial.done(newer) != {"unchanged": 1}:
        raise CheckFailed("newer")
    if trial.done(older) != {"superseded": 1}:
        raise CheckFailed("older")
    note = trial.read("Observation", f"R1{trial.mark}").json()["note"][0]["text"]
    if note != "复查":
        raise CheckFailed("the older one is there")


def check_deletion(trial: AcceptanceTrial) -> None:
    record = f"D{trial.mark}"
    trial.done(trial.item("Observation", record, result(trial)))
    expect(trial.read("Observation", record).status == 200, trial.read("Observation", record))
    outcomes = trial.done(trial.item("Observation", record, None, 2, "delete"))
    if outcomes != {"deleted": 1}:
        raise CheckFailed(str(outcomes))
    gone = trial.read("Observation", record)
    expect(gone.status == 410, gone)


def check_recall(trial: AcceptanceTrial) -> None:
    record = f"C{trial.mark}"
    trial.done(trial.item("Observation", record, result(trial)))
    outcomes = trial.done(trial.item("Observation", record, None, 2, "recall"))
    if outcomes != {"recalled": 1}:
        raise CheckFailed(str(outcomes))
    kept = trial.read("Observation", record)
    expect(kept.status == 200 and kept.json()["status"] == "entered-in-error", kept)


def check_bad_neighbour(trial: AcceptanceTrial) -> None:
    bad = {"resourceType": "Observation", "status": "none-such"}
    outcomes = trial.done(
        trial.item("Observation", f"G{trial.mark}", result(trial)),
        trial.item("Observation", f"B{trial.mark}", bad),
        trial.item("Observation", f"H{trial.mark}", result(trial)),
    )
    if outcomes != {"refused": 1, "stored": 2}:
        raise CheckFailed(str(outcomes))
    letters = trial.client.send("GET", trial.path(f"dead-letters?state=open&stream={trial.stream}"))
    told = [x for x in find_letters(letters.json()) if x.get("record") == f"B{trial.mark}"]
    expect(letters.status == 200 and bool(told and told[0]["why"]["zh"]), letters)
    outcomes = trial.done(trial.item("Observation", f"B{trial.mark}", result(trial)))
    if outcomes != {"stored": 1}:
        raise CheckFailed(f"mended: {outcomes}")


def find_letters(answer: Any) -> list[dict[str, Any]]:
    return next((v for v in answer.values() if isinstance(v, list)), [])


def check_waiting(trial: AcceptanceTrial) -> None:
    record, person = f"W{trial.mark}", f"Q{trial.mark}"
    first = trial.done(trial.item("Observation", record, result(trial, person)))
    if first != {"waiting": 1}:
        raise CheckFailed(str(first))
    trial.done(trial.item("Patient", person, patient(trial)))
    there = trial.read("Observation", record)
    expect(there.status == 200, there)


def check_later(trial: AcceptanceTrial) -> None:
    reply = trial.push(trial.item("Observation", f"L{trial.mark}", result(trial)), later=True)
    expect(reply.status in (200, 202), reply)
    reply = trial.wait_for_receipt(reply)
    expect(trial.signed(reply), reply, "signature")
    asked = trial.client.send("GET", trial.path(f"batches/{trial.stream}/{trial.number}"))
    expect(asked.status == 200 and asked.body == reply.body, asked, "bytes")


def check_signature(trial: AcceptanceTrial) -> None:
    reply = trial.client.send("GET", trial.path(f"batches/{trial.stream}/1"))
    expect(reply.status == 200 and trial.signed(reply), reply)
    answer = reply.json()
    answer["receipt"]["items"] += 1
    forged = type(reply)(200, {}, json.dumps(answer).encode())
    expect(not trial.signed(forged), reply, "forged")


def check_characters(trial: AcceptanceTrial) -> None:
    record = f"Z{trial.mark}"
    outcomes = trial.done(trial.item("Patient", record, patient(trial, RARE_NAME)))
    kept = trial.read("Patient", record)
    expect(outcomes == {"stored": 1} and kept.json()["name"][0]["text"] == RARE_NAME, kept)


def check_laboratory(trial: AcceptanceTrial) -> None:
    record = f"T{trial.mark}"
    sent: dict[str, Any] = {
        "valueQuantity": {"value": 0.01, "comparator": "<", "unit": "ng/mL"},
        "interpretation": [
            {"coding": [{"system": f"{CODES}/v3-ObservationInterpretation", "code": "L"}]}
        ],
        "referenceRange": [{"low": {"value": 7}, "high": {"value": 40}, "text": "7 ~ 40"}],
    }
    outcomes = trial.done(trial.item("Observation", record, result(trial, **sent)))
    kept = trial.read("Observation", record)
    same = outcomes == {"stored": 1} and all(kept.json()[name] == sent[name] for name in sent)
    expect(same, kept)


def check_foreign(trial: AcceptanceTrial) -> None:
    reply = trial.client.send("GET", f"/sync/not-{trial.client.hospital[:20]}/batches/x")
    expect(reply.status == 403, reply)


def check_feed(trial: AcceptanceTrial) -> None:
    reply = trial.client.send("GET", trial.path("feed?cursor=0&limit=10"))
    expect(reply.status == 200 and bool(reply.json()["cursor"]), reply)
    again = trial.client.send("GET", trial.path(f"feed?cursor={reply.json()['cursor']}&limit=10"))
    expect(again.status == 200, again)


def check_digests(trial: AcceptanceTrial) -> None:
    body = b'{"source":"accept","level":"year","sums":{}}'
    reply = trial.client.send(
        "POST", trial.path("digests"), body, {"Content-Type": "application/json"}
    )
    expect(reply.status == 200 and "Observation" in reply.json()["differ"], reply)


CHECKS = (
    Check(
        "令牌：凭密钥拿到令牌，平台认得本机",
        "Token: the key gets one, and the platform knows this system",
        check_token,
        "看时间、密钥和网址；再运行 xinglin-agent status。",
        "Check clock, key and address; run xinglin-agent status.",
    ),
    Check("批次：两条记录入库", "Batch: two records are stored", check_batch),
    Check(
        "重发：同一批次原样再发，得到同样的回执",
        "Again: the same batch gives the same receipt, byte by byte",
        check_again,
    ),
    Check("跳号：缺号时平台说出该发哪一号", "Gap: the number that is expected is told", check_gap),
    Check(
        "改内容：用过的编号不能再发别的内容",
        "Other root: a number that was used takes nothing else",
        check_other_root,
    ),
    Check(
        "版本：新的更新，一样的不动，旧的不覆盖",
        "Versions: a newer one counts, an older one changes nothing",
        check_change,
    ),
    Check("删除：记录取出，读它得 410", "Deletion: the record is gone (410)", check_deletion),
    Check("撤回：记录保留，标为错录", "Recall: kept, and marked as entered in error", check_recall),
    Check(
        "一条坏的不拦别的；退回清单有原因；改正后入库",
        "One bad item stops no other; its letter says why; mended, it is stored",
        check_bad_neighbour,
    ),
    Check(
        "等待：先到的结果等到患者就自动入库",
        "Waiting: a result is stored as soon as its patient is there",
        check_waiting,
    ),
    Check(
        "忙时（202）：先收下，之后按编号查到回执",
        "Later (202): taken, and the receipt is asked for",
        check_later,
    ),
    Check(
        "回执签名：用接入时的公钥验证，改一个字就不对",
        "Signature: fits the key of the enrolment, and nothing that was changed",
        check_signature,
    ),
    Check(
        "汉字：生僻字、扩展区、自造字原样保存",
        "Characters: rare ones come back as they were",
        check_characters,
    ),
    Check(
        "检验：异常标志、参考范围、比较符各归其位",
        "Laboratory: flag, range and comparator in their elements",
        check_laboratory,
    ),
    Check("别家的地址：不让进", "Another hospital's address is shut", check_foreign),
    Check("变化：凭游标读取", "Feed: read from its cursor on", check_feed),
    Check("对账：平台报出分月合计", "Digests: the platform's sums by month", check_digests),
)
