"""Every way to tamper with the log or with what leaves it, tried on a real database and told by
name: the table "Each tampering, and who tells it" in docs/implementation/audit.md, row by row. What
each check tells in detail stands in test_tampering, test_forged_exports and test_verify_package.
"""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connection, transaction

from alliance.roles import Role
from consent.audit import verify
from consent.audit.checkpoint import BadCosignature
from consent.audit.package_verifier import load_verifier
from consent.audit.signing_keys import own_public_key_bytes, raw_key_bytes
from consent.audit.witness_report import count_contradictions
from consent.audit.witnesses import SeenHead, Witness, answer_witness
from records.agent.checkpoint import CheckpointFault, Head, cosign, goes_on, open_checkpoint
from records.agent.witness_others import check_others
from tests.factories import alliance
from tests.factories.alliance import OPERATOR
from tests.factories.database_copies import connected_to_database, drop_database, make_database
from tests.factories.evidence_packages import LOG_KEY, fingerprint, make_package
from tests.support.audit_tampering import cut
from tests.support.sources import ROOT
from tests.support.tampering import (
    NAME,
    Undo,
    all_sealed,
    base,
    faults,
    forged,
    line,
    log,
    seal_settled,
    sql,
)
from tests.wait_until import wait_until

__all__ = ["base", "log"]
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2, 3)]
FORK = f"{NAME}_fork"


class Memory:
    """What an agent keeps, in a dict."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def kept(self, name: str) -> str | None:
        return self.values.get(name)

    def keep(self, name: str, value: str) -> None:
        self.values[name] = value


class Member:
    """A witness of one hospital, that checks as agents do."""

    def __init__(self, number: int) -> None:
        self.key, self.name = KEYS[number], f"member-{number}"
        self.witness = Witness(self.name, self.name, raw_key_bytes(self.key.public_key()))
        self.seen: Head | None = None
        self.memory = Memory()

    def look(self, keys: list[Any] | None = None, *, sign: bool = True) -> str:
        """What it tells: "" where all is well. sign: it co-signs what it saw before."""
        seen = self.seen and SeenHead(self.seen.size, self.seen.root, self.seen.origin)
        signed = ""
        if self.seen and sign:
            signed = cosign(self.seen, self.key, self.name, 1_800_000_000)
        told = answer_witness(OPERATOR, self.witness, seen, signed).as_json()
        try:
            head = open_checkpoint(told["checkpoint"], keys or [public_key()])
        except CheckpointFault:
            return "key"
        path = [bytes.fromhex(node) for node in told["consistency"]]
        if self.seen and (head.size < self.seen.size or not goes_on(self.seen, head, path)):
            return "smaller" if head.size < self.seen.size else "fork"
        own = raw_key_bytes(self.key.public_key()).hex()
        fault = check_others(self.memory, told["witnesses"], head, own)  # type: ignore[arg-type]
        if fault:
            return fault.fault
        self.seen = head
        return ""


def public_key() -> Any:
    return Ed25519PublicKey.from_public_bytes(own_public_key_bytes())


def enrol(*members: Member) -> None:
    """In the database that is connected: their keys as browsers' keys, accepted."""
    at = alliance.make_hospital("eye")
    who = alliance.make_staff(at, Role.ADMINISTRATOR)
    with connection.cursor() as cursor:
        for one in members:
            cursor.execute(
                "INSERT INTO consent_audit_witness (code, hospital, name, key, offered_by,"
                " accepted_by, accepted_at) VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())",
                [one.name, at.pk, one.name, one.witness.key, who.pk, who.pk],
            )


def sealed_line(target: str) -> None:
    line(target)
    wait_until(all_sealed, "it is sealed")


def told_by_check(*statements: str) -> str:
    """What the check of the log says of it, taken back."""
    assert faults() == [], "the control"
    try:
        with transaction.atomic():
            sql(*statements)
            found = " · ".join(verify.verify_log_in_transaction().faults)
            raise Undo
    except Undo:
        return found


def edit() -> str:
    return told_by_check("UPDATE consent_audit_event SET actor = '999' WHERE id = 3")


def delete() -> str:
    return told_by_check("DELETE FROM consent_audit_event WHERE id = 3")


def insert() -> str:
    assert faults() == [], "the control"
    sql(forged("recorded, ", "now() - interval '1 year', "))
    seal_settled()
    return " · ".join(faults())


def reorder() -> str:
    return told_by_check(
        "UPDATE consent_audit_event e SET target = o.target FROM consent_audit_event o WHERE"
        " (e.id, o.id) IN ((3, 4), (4, 3))"
    )


def truncate() -> str:
    return told_by_check(*cut("20"))


def roll_back() -> str:
    """The database is replaced by its backup of an hour ago, and works on: the next exchange tells
    both sides, for the witness carries with it what the backup does not know.
    """
    member = Member(0)
    enrol(member)
    assert member.look() == "", "the control"
    make_database(FORK, NAME)
    try:
        sealed_line("after the backup")
        assert member.look() == "", "the control"
        with connected_to_database(FORK):
            before, _ = count_contradictions()
            told = member.look()
            assert count_contradictions()[0] == before + 1, "the platform knows it at once"
    finally:
        drop_database(FORK)
    return told


def split_view() -> str:
    """One member is shown this database, another one a copy that goes on otherwise. Each log is
    whole in itself; as soon as a co-signature of one is passed on to the other, it is told.
    """
    one, two = Member(0), Member(1)
    enrol(one, two)
    assert one.look() == two.look() == "", "both saw the log before it was split"
    make_database(FORK, NAME)
    try:
        with connected_to_database(FORK):
            sealed_line("shown to the second alone")
            assert two.look() == two.look() == "", "whole in itself"
        sealed_line("shown to the first alone")
        assert one.look(sign=False) == "", "the control"
        sealed_line("and once more")
        assert one.look() == "", "what it saw is co-signed now"
        rows = copy_cosignatures()
        with connected_to_database(FORK):
            paste_cosignatures(rows)
            sealed_line("the fork has grown beyond it")
            sealed_line("and again")
            return two.look()
    finally:
        drop_database(FORK)


COLUMNS = "client, hospital, origin, size, root, line, key, contradicts"


def copy_cosignatures() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM consent_audit_cosignature WHERE client = 'member-0' ORDER BY id"
        )
        return cursor.fetchall()


def paste_cosignatures(rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(
                f"INSERT INTO consent_audit_cosignature ({COLUMNS}) VALUES"
                " (%s, %s, %s, %s, %s, %s, %s, %s)",
                row,
            )


def swapped_key() -> str:
    member = Member(0)
    enrol(member)
    assert member.look() == "", "the control"
    return member.look([KEYS[2].public_key()])


def edited_package(folder: Path) -> str:
    return told_of_package(folder, lambda text: text.replace("success", "refused", 1))


def dropped_row(folder: Path) -> str:
    def drop(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(lines[:2] + lines[3:])

    return told_of_package(folder, drop)


def told_of_package(folder: Path, change: Callable[[str], str]) -> str:
    verifier = load_verifier()
    pins = verifier.parse_keys(fingerprint(LOG_KEY))
    good, bad = make_package().write(folder / "good.zip"), folder / "bad.zip"
    assert verifier.verify_package(good, pins).as_json()["verdict"] == "intact", "the control"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "events.csv":
                data = change(data.decode()).encode()
            target.writestr(name, data)
    return " ".join(verifier.verify_package(bad, pins).as_json()["counts"])


def forged_witness() -> str:
    """The platform answers for a witness that never signed: it refuses such a line itself, and a
    member that is shown one tells it.
    """
    one, two = Member(0), Member(1)
    enrol(one, two)
    assert one.look() == two.look() == "", "the control"
    sealed_line("so that there is something to co-sign")
    assert one.look() == two.look() == "", "their keys are known to each other now"
    head = one.seen
    assert head is not None
    by_another = cosign(head, KEYS[2], one.name, 1_800_000_000)
    with pytest.raises(BadCosignature):
        answer_witness(OPERATOR, one.witness, SeenHead(head.size, head.root), by_another)
    told = {
        "name": one.name,
        "hospital": one.name,
        "key": raw_key_bytes(KEYS[2].public_key()).hex(),
        "size": head.size,
        "root": head.root.hex(),
        "line": by_another,
        "consistency": [],
    }
    assert two.memory.kept("witness.others"), "it has seen the first one's key"
    fault = check_others(two.memory, [told], head, "")  # type: ignore[arg-type]
    return fault.fault if fault else ""


IN_LOG: dict[str, tuple[Callable[[], str], str]] = {
    "edit": (edit, "audit line 3 (leaf 2, "),
    "delete": (delete, "audit line 3 (leaf 2) was deleted"),
    "insert": (insert, "is older than a line with a smaller number"),
    "reorder": (reorder, "audit line 4 (leaf 3, "),
    "truncate": (truncate, "the log was cut, emptied or rolled back to 20"),
    "roll back to a backup": (roll_back, "smaller"),
    "split view": (split_view, "split"),
    "swapped key": (swapped_key, "key"),
    "forged witness": (forged_witness, "forged"),
}
IN_PACKAGE: dict[str, tuple[Callable[[Path], str], str]] = {
    "edited package": (edited_package, "csv-cell"),
    "dropped row": (dropped_row, "csv-missing"),
}


@pytest.mark.parametrize("name", IN_LOG)
def test_tampering_with_the_log_is_told(log: None, name: str) -> None:
    try_it, says = IN_LOG[name]
    assert says in try_it()


@pytest.mark.parametrize("name", IN_PACKAGE)
def test_tampering_with_a_package_is_told(tmp_path: Path, name: str) -> None:
    try_it, says = IN_PACKAGE[name]
    assert says in try_it(tmp_path)


def test_the_table_has_each_of_them() -> None:
    text = (ROOT / "docs/implementation/audit.md").read_text()
    part = text.partition("## Each tampering, and who tells it")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| \*\*(.+?)\*\* \|", part, re.M)
    assert sorted(listed) == sorted([*IN_LOG, *IN_PACKAGE])
