"""The listener over real lines: AA after the outbox has it, AE for content, AR for not now; the
same message again; slow and hostile senders.
"""

from __future__ import annotations

import configparser
import socket
import sqlite3
import threading
import time
from collections.abc import Callable

import pytest

from records.agent.mllp import line as line_module
from records.agent.mllp import server as server_module
from records.agent.mllp.listener_settings import read_listener_settings
from records.agent.notices import list_notices
from records.agent.outbox_faults import DiskFull
from records.agent.settings import SettingsFault

from .conftest import Listening, Sender, code_of
from .messages import PID, PV1, header, write

Listen = Callable[..., Listening]


def admission(number: str = "M1", name: str = "小明", record: str = "00012345") -> bytes:
    return write(header(number=number), PID.replace("小明", name).replace("00012345", record), PV1)


def notice(listening: Listening) -> tuple[bool, str]:
    (found,) = (n for n in list_notices(listening.context.outbox) if n.name == "mllp")
    return found.ok, found.zh


def test_a_message_is_answered_aa_and_lies_in_the_outbox(listen: Listen) -> None:
    listening = listen()
    (answer,) = listening.connect().send(admission())
    msh, msa = answer[0].split("|"), answer[1].split("|")
    assert msh[2:6] == ["AGENT", "杏林", "HIS", "南桥"], "sender and receiver change places"
    assert (msh[8], msh[11], msh[17]) == ("ACK^A01", "2.5", "UNICODE UTF-8")
    assert msh[9] not in ("", "M1")
    assert msa == ["MSA", "AA", "M1"]
    other = sqlite3.connect(listening.context.outbox.path)  # as a process after a crash reads it
    assert other.execute("SELECT count(*) FROM items").fetchone() == (2,)
    other.close()
    assert notice(listening)[0]


def test_the_same_message_again_gets_the_stored_answer_also_after_a_restart(listen: Listen) -> None:
    listening = listen()
    first, second = listening.connect().send(admission(), admission())
    assert first == second
    assert listening.connect().send(admission()) == [first]
    assert listening.count() == 2
    assert listen().connect().send(admission()) == [first]


def test_another_message_under_a_number_is_ae_and_an_alarm(listen: Listen) -> None:
    listening = listen()
    sender = listening.connect()
    assert [code_of(a) for a in sender.send(admission(), admission(name="大明"))] == ["AA", "AE"]
    (answer,) = sender.send(admission(name="大明"))
    assert code_of(answer) == "AE"
    assert "mllp.other-content" in answer[2]
    assert listening.count() == 2
    ok, words = notice(listening)
    assert not ok
    assert "M1" in words
    other = write(header(number="M1").replace("|HIS|", "|LIS|"), PID, PV1)
    assert code_of(sender.send(other)[0]) == "AA", "another sender's numbers are its own"


def test_content_at_fault_is_ae_with_place_and_mend_and_neighbours_are_kept(listen: Listen) -> None:
    listening = listen()
    sender = listening.connect()
    faulty = write(
        header("ORU^R01", "M7"), PID, "OBR|1||R1|GLU^葡萄糖", "OBX|1|NM|||5", "OBX|2|NM|K^钾||4"
    )
    (answer,) = sender.send(faulty)
    assert code_of(answer) == "AE"
    error = answer[2].split("|")
    assert (error[2], error[4], error[7]) == ("OBX^1^3", "E", "hl7.no-code")
    assert "OBX-3 没有项目代码" in error[8]
    assert listening.count() == 3, "patient, report, and the other result"
    folder = listening.context.home / "mllp-refused"
    (kept,) = folder.glob("*.hl7")
    assert kept.read_bytes() == faulty
    assert "请让发送方填上代码" in kept.with_suffix(".txt").read_text(encoding="utf-8-sig")
    assert kept.stat().st_mode & 0o077 == 0
    mended = write(header("ORU^R01", "M7"), PID, "OBR|1||R1|GLU^葡萄糖", "OBX|1|NM|GLU^葡萄糖||5")
    assert code_of(sender.send(mended)[0]) == "AA", "what was refused left its number free"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "hl7.no-message"),
        (b"hello", "hl7.no-message"),
        (b"MSH|||||", "hl7.header"),
        (write(header("SIU^S12", "M8"), PID), "hl7.kind"),
        (write(header(number="M8"), "PID|1"), "hl7.no-patient-number"),
        (write(header(number="M8"), PID, header(number="M9"), PID), "mllp.several"),
        (write(header(number="M8")) + b"PID|1||7||\xff\xff\r", "hl7.characters"),
    ],
)
def test_what_cannot_be_read_is_ae(listen: Listen, content: bytes, word: str) -> None:
    listening = listen()
    sender = listening.connect()
    (answer,) = sender.send(content)
    assert code_of(answer) == "AE"
    folder = listening.context.home / "mllp-refused"
    (reasons,) = folder.glob("*.txt")
    assert word in reasons.read_text(encoding="utf-8-sig")
    assert code_of(sender.send(admission())[0]) == "AA", "the line goes on"


@pytest.mark.parametrize("full", [False, True])
def test_the_alarm_says_where_a_refused_message_lies(listen: Listen, full: bool) -> None:
    listening = listen()
    folder = listening.context.home / "mllp-refused"
    if full:
        folder.write_text("a file stands in its place")  # as a full disk: nothing can be kept
    (answer,) = listening.connect().send(b"hello")
    assert code_of(answer) == "AE"
    _ok, said = notice(listening)
    assert ("未能存入" in said) is full and ("原文和原因见" in said) is not full


def test_what_the_settings_ignore_is_aa_and_not_read(listen: Listen) -> None:
    listening = listen("ignore = SIU，ADT^A31\n")
    sender = listening.connect()
    messages = [write(header(kind, f"M{kind}"), PID) for kind in ("SIU^S12", "ADT^A31", "ADT^A28")]
    assert [code_of(a) for a in sender.send(*messages)] == ["AA", "AA", "AA"]
    assert listening.count() == 1


def test_gb18030_is_answered_in_gb18030(listen: Listen) -> None:
    listening = listen()
    sender = listening.connect()
    head = header(number="M1").replace("UNICODE UTF-8", "GB 18030-2000")
    sender.connection.sendall(b"\x0b" + write(head, PID, codec="gb18030") + b"\x1c\r")
    received = sender.connection.recv(65536)
    assert "杏林".encode("gb18030") in received
    assert b"MSA|AA|M1" in received


def test_not_now_is_ar_and_the_message_is_taken_later(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: nothing is acknowledged; the same message is taken when there is room."""
    listening = listen()
    sender = listening.connect()
    outbox = listening.context.outbox

    def full(self: object) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(type(outbox.room), "check", full)
        (answer,) = sender.send(admission())
        assert code_of(answer) == "AR"
        assert answer[1].split("|")[3], "why, in words"
    assert issubclass(DiskFull, Exception)
    assert listening.count() == 0
    assert code_of(sender.send(admission())[0]) == "AA"
    assert listening.count() == 2


def test_half_a_message_at_close_has_no_answer_and_leaves_nothing(listen: Listen) -> None:
    listening = listen()
    sender = listening.connect()
    sender.connection.sendall(b"\x0b" + admission())
    sender.connection.shutdown(socket.SHUT_WR)
    assert sender.is_closed()
    assert listening.count() == 0
    assert code_of(listening.connect().send(admission())[0]) == "AA"


def test_whoever_sends_no_frames_or_too_much_is_cut_off(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = listen()
    noisy = listening.connect()
    noisy.connection.sendall(b"GET / HTTP/1.1\r\n" * 400)
    assert noisy.is_closed()
    large = listening.connect()
    start = b"\x0b" + header(number="BIG").encode() + b"\rOBX|1|ED|"
    large.connection.sendall(start + b"A" * (16 << 20))
    answer = large.receive()
    assert answer[1].startswith("MSA|AE|BIG|消息超过 16 MB")
    assert large.is_closed()
    monkeypatch.setattr(line_module, "LONGEST_MESSAGE_TIME", 0.0)
    monkeypatch.setattr(server_module, "LEAST_BETWEEN", 0.0)
    slow = listening.connect()
    slow.connection.sendall(b"\x0bMSH|")
    assert slow.is_closed()
    assert "127.0.0.1" in notice(listening)[1] and "半条消息" in notice(listening)[1]
    assert code_of(listening.connect().send(admission())[0]) == "AA", "others are served"


def test_unfinished_messages_of_all_lines_share_their_memory(listen: Listen) -> None:
    listening = listen()
    listening.server.memory.most = 100_000
    first, second = listening.connect(), listening.connect()
    first.connection.sendall(b"\x0b" + b"x" * 60_000)
    deadline = threading.Event()
    while sum(listening.server.memory._held.values()) < 60_000:
        assert not deadline.wait(0.01)
    second.connection.sendall(b"\x0b" + b"x" * 60_000)
    assert second.is_closed()
    first.connection.sendall(b"\x0b" + admission() + b"\x1c\r")
    assert code_of(first.receive()) == "AA"


def test_a_new_line_takes_the_place_of_the_one_that_is_silent_longest(listen: Listen) -> None:
    listening = listen("connections = 2\n")
    first, second = listening.connect(), listening.connect()
    for number, sender in (("M1", first), ("M2", second)):
        sender.send(admission(number))
    third = listening.connect()
    assert first.is_closed()
    assert [code_of(s.send(admission(n))[0]) for n, s in (("M3", second), ("M4", third))] == [
        "AA"
    ] * 2


def within_a_message(listening: Listening, count: int) -> list[Sender]:
    """Lines that have sent half a message, as the listener sees them."""
    senders = [listening.connect() for _ in range(count)]
    for sender in senders:
        sender.connection.sendall(b"\x0bMSH|")
    while sum(line.reader.inside for line in list(listening.server._lines)) < count:
        time.sleep(0.01)
    return senders


def test_one_sender_does_not_hold_the_places_of_others(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = listen("connections = 6\nconnections_per_sender = 3\n")
    held = within_a_message(listening, 3)
    assert listening.connect().is_closed(), "its own places are all within a message"
    ok, said = notice(listening)
    assert not ok and "127.0.0.1" in said and "3 个" in said and "没有接" in said
    monkeypatch.setattr(type(listening.server.settings), "admits", lambda self, peer: True)
    other = connect_from(listening, "10.0.0.9")
    assert code_of(other.send(admission())[0]) == "AA", "others come in"
    held[0].connection.sendall(b"\x0b" + admission("M2") + b"\x1c\r")
    assert code_of(held[0].receive()) == "AA", "and nobody within a message was cut off"


def connect_from(listening: Listening, peer: str) -> Sender:
    """A line of another address."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        ours = socket.create_connection(door.getsockname(), timeout=30)
        theirs, _ = door.accept()
    listening.server._admit(theirs, peer)
    return Sender(ours)


def test_a_sender_that_opens_one_more_loses_its_silent_one(listen: Listen) -> None:
    listening = listen("connections_per_sender = 2\n")
    first, second = listening.connect(), listening.connect()
    for number, sender in (("M1", first), ("M2", second)):
        sender.send(admission(number))
    third = listening.connect()
    assert first.is_closed()
    assert code_of(third.send(admission("M3"))[0]) == "AA"


def test_a_line_without_a_whole_message_ends_though_it_sends(listen: Listen) -> None:
    """Bytes between messages are no sign of life."""
    listening = listen()
    object.__setattr__(listening.server.settings, "idle", 0)
    line = listening.connect()
    line.connection.sendall(b"\r\n")
    assert line.is_closed()
    object.__setattr__(listening.server.settings, "idle", 3600)
    assert code_of(listening.connect().send(admission())[0]) == "AA"


def test_many_lines_at_once_lose_and_double_nothing(listen: Listen) -> None:
    """Sixteen senders, each sends thirty messages, the same number twice from two lines."""
    listening = listen()
    answers: dict[str, list[str]] = {}
    lock = threading.Lock()

    def send(name: int) -> None:
        sender = listening.connect()
        for count in range(30):
            number = f"N{name // 2}-{count}"
            (answer,) = sender.send(admission(number, record=number))
            with lock:
                answers.setdefault(number, []).append("\r".join(answer))

    threads = [threading.Thread(target=send, args=(name,)) for name in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 * 30
    assert all(len(a) == 2 and a[0] == a[1] and "|AA|" in a[0] for a in answers.values())
    patients = listening.context.outbox.read(
        "SELECT count(*), count(DISTINCT record) FROM records WHERE type = 'Patient'"
    ).fetchone()
    assert patients == (240, 240)


@pytest.mark.parametrize(
    "line",
    ["source = HIS 1", "port = x", "address = host", "address = 0.0.0.0", "allow = 300.1.1.1",
     "zone = 8", "encoding = big5", "connections = 0", "connections_per_sender = 0", "idle = 9",
     "idle = ²"],
)  # fmt: skip
def test_settings_that_are_wrong_name_their_line(line: str) -> None:
    settings = configparser.ConfigParser()
    settings.read_string(f"[mllp]\n{line}\n")
    with pytest.raises(SettingsFault) as fault:
        read_listener_settings(settings)
    assert all("[mllp] " in words for words in fault.value.words.values())


def test_who_may_come() -> None:
    settings = configparser.ConfigParser()
    assert read_listener_settings(settings) is None
    settings.read_string("[mllp]\naddress = 0.0.0.0\nallow = 192.168.1.20，10.1.0.0/16\n")
    found = read_listener_settings(settings)
    assert found is not None
    peers = ("127.0.0.1", "192.168.1.20", "::ffff:10.1.2.3", "192.168.1.21", "10.2.0.1", "?")
    assert [found.admits(peer) for peer in peers] == [True, True, True, False, False, False]


def test_somebody_else_is_not_let_in(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = listen()
    monkeypatch.setattr(type(listening.server.settings), "admits", lambda self, peer: False)
    assert listening.connect().is_closed()
    monkeypatch.undo()
    assert code_of(listening.connect().send(admission())[0]) == "AA"
