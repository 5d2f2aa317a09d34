"""Forged exports of the audit log: each is told, with its place, by whoever holds the public
key; and what was not touched is intact.
"""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from consent.audit import canonical_line, export_manifest, kept_head, merkle_tree, signing_keys
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.export_check import check_export
from consent.audit.export_columns import COLUMNS
from consent.audit.export_manifest import manifest_path
from consent.audit.log_export import WRITERS, count_export_lines, export_log
from consent.audit.log_query import AuditFilter, iterate_sealed_lines
from consent.audit.sealer import seal_all
from consent.audit.tree_head import TreeHead
from tests import draws
from tests.wait_until import wait_until

LINES = 7
ACTOR, OUTCOME = COLUMNS.index("actor"), COLUMNS.index("outcome")
WHO = str(10**12 + draws.randbelow(10**12))


class Package:
    """An export that lies in a folder of its own, to be forged."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def told(self) -> dict[str, Any]:
        return export_manifest.load_manifest(manifest_path(self.path))

    @property
    def lines(self) -> list[bytes]:
        return [x + b"\n" for x in self.path.read_bytes().split(b"\n")[:-1]]

    @property
    def proofs(self) -> list[dict[str, Any]]:
        proofs: list[dict[str, Any]] = self.told["proofs"]
        return proofs

    def put(
        self,
        lines: list[bytes] | bytes | None = None,
        proofs: list[dict[str, Any]] | None = None,
        **told: Any,
    ) -> None:
        """Write it anew, with digests that fit: what a forger without the key can do."""
        if lines is not None:
            self.path.write_bytes(lines if isinstance(lines, bytes) else b"".join(lines))
        proofs = self.proofs if proofs is None else proofs
        told = {
            **self.told,
            "sha256": export_manifest.hash_file(self.path),
            "proofs": proofs,
            "proofs_sha256": export_manifest.hash_proofs(proofs),
            **told,
        }
        manifest_path(self.path).write_text(json.dumps(told, ensure_ascii=False))

    def cells(self) -> list[list[str]]:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))

    def put_cells(self, rows: list[list[str]], encoding: str = "utf-8-sig") -> None:
        with self.path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)
        self.put()


@pytest.fixture(scope="module")
def exported(world: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seven lines of one actor in each form, among lines of another."""
    for i in range(LINES):
        append_event(
            AuditEvent(
                EventCode.RECORD_SEARCH,
                "staff",
                WHO,
                "donghu",
                "clinician",
                "TREAT",
                detail=f"刘\u2028\x85 \r\n{i}",
                refs=(f"donghu/Observation/{i}/1",),
            )
        )
        append_event(
            AuditEvent(EventCode.RECORD_SEARCH, "staff", "1" + WHO, "donghu", "clinician", "TREAT")
        )
    chosen = AuditFilter(actor_kind="staff", actor=WHO)
    wait_until(
        lambda: (seal_all(), len(list(iterate_sealed_lines(chosen))) == LINES)[1], "they are sealed"
    )
    folder = tmp_path_factory.mktemp("exported")
    for form in WRITERS:
        export_log(chosen, form, folder / f"log.{form}")
    return folder


@pytest.fixture
def package(exported: Path, tmp_path: Path) -> Callable[[str], Package]:
    def copy(form: str) -> Package:
        for file in exported.glob(f"log.{form}*"):
            shutil.copy(file, tmp_path / file.name)
        assert check_export(tmp_path / f"log.{form}") == [], "the control: as it was exported"
        return Package(tmp_path / f"log.{form}")

    return copy


def actor_changed(p: Package) -> None:
    rows = p.cells()
    rows[3][ACTOR], rows[3][OUTCOME] = "2", "refused"
    p.put_cells(rows)


def cell_and_line_changed(p: Package) -> None:
    rows, proofs = p.cells(), p.proofs
    rows[3][ACTOR] = "2"
    proofs[2]["line"] = proofs[2]["line"].replace(WHO, "2")
    proofs[2]["leaf"] = canonical_line.leaf_hash(proofs[2]["line"].encode()).hex()
    p.put(proofs=proofs)
    p.put_cells(rows)


def row_removed(p: Package) -> None:
    rows = p.cells()
    p.put_cells(rows[:4] + rows[5:])


def row_and_proof_removed(p: Package) -> None:
    rows, proofs = p.cells(), p.proofs
    p.put(proofs=proofs[:3] + proofs[4:], rows=LINES - 1)
    p.put_cells(rows[:4] + rows[5:])


def row_twice(p: Package) -> None:
    rows = p.cells()
    p.put_cells([*rows[:4], rows[3], *rows[4:]])


def row_and_proof_twice(p: Package) -> None:
    lines, proofs = p.lines, p.proofs
    p.put([*lines[:4], lines[3], *lines[4:]], [*proofs[:4], proofs[3], *proofs[4:]], rows=LINES + 1)


def order_changed(p: Package) -> None:
    rows = p.cells()
    p.put_cells([rows[0], rows[2], rows[1], *rows[3:]])


def order_and_proofs_changed(p: Package) -> None:
    lines, proofs = p.lines, p.proofs
    p.put(
        [lines[0], lines[2], lines[1], *lines[3:]], [proofs[0], proofs[2], proofs[1], *proofs[3:]]
    )


def all_lines_of_one_taken_out(p: Package) -> None:
    p.put(b"", [], rows=0, first=None, last=None)


def no_head(p: Package) -> None:
    p.put(b'{"anything":"goes"}\n', [], rows=1, head=None)


def filter_changed(p: Package) -> None:
    p.put(filter={**p.told["filter"], "actor": "everybody"})


def other_bytes(p: Package) -> None:
    p.put(p.path.read_bytes() + b"junk")


def half_of_it(p: Package) -> None:
    p.put(p.path.read_bytes()[:-60])


def signature_gone(p: Package) -> None:
    told = p.told
    del told["signature"]
    manifest_path(p.path).write_text(json.dumps(told))


def version_of_an_earlier_release(p: Package) -> None:
    p.put(v=1)


def another_encoding(p: Package) -> None:
    p.put_cells(p.cells(), "gb18030")


def other_columns(p: Package) -> None:
    p.put_cells(
        [[*row[:ACTOR], row[ACTOR + 1], row[ACTOR], *row[ACTOR + 2 :]] for row in p.cells()]
    )


def proof_of_another(p: Package) -> None:
    proofs = p.proofs
    proofs[2] |= {"position": proofs[3]["position"], "path": proofs[3]["path"]}
    p.put(proofs=proofs)


def line_and_proof_of_another(p: Package) -> None:
    proofs = p.proofs
    proofs[2] = proofs[3] | {"id": proofs[2]["id"]}
    p.put(proofs=proofs)


def proofs_gone(p: Package) -> None:
    told = p.told
    del told["proofs"]
    manifest_path(p.path).write_text(json.dumps(told))


def smaller_head(p: Package) -> None:
    p.put(head={**p.told["head"], "size": p.told["head"]["size"] - 1})


def no_numbers(p: Package) -> None:
    p.put(head={**p.told["head"], "size": "many"}, rows=None)


FORGED: list[tuple[str, Callable[[Package], None], str]] = [
    ("csv", actor_changed, "row 3 (audit line {third}), actor: the file says '2', the sealed line"),
    (
        "csv",
        cell_and_line_changed,
        "row 3 (audit line {third}): its proof does not lead to the signed root",
    ),
    ("csv", row_removed, "audit line {fourth} (row 4) was taken out of the file"),
    ("csv", row_and_proof_removed, "the manifest: its signature does not fit"),
    (
        "csv",
        row_twice,
        "row 3: audit line {third} is not one of those that were exported, or is there twice",
    ),
    ("ndjson", row_and_proof_twice, "row 5 (audit line {fourth}): its place in the tree"),
    (
        "csv",
        order_changed,
        "row 1: audit line {second} stands where {first} was exported: the order was changed",
    ),
    ("ndjson", order_and_proofs_changed, "row 3 (audit line {second}): its place in the tree"),
    ("ndjson", all_lines_of_one_taken_out, "the manifest: its signature does not fit"),
    ("ndjson", no_head, "there is no signed tree head"),
    ("csv", filter_changed, "the manifest: its signature does not fit"),
    ("xlsx", other_bytes, "the manifest: its signature does not fit"),
    ("csv", half_of_it, "cells instead of 31"),
    ("ndjson", half_of_it, "audit line {last} (row 7) was taken out of the file"),
    ("csv", signature_gone, "its manifest is not signed"),
    ("csv", version_of_an_earlier_release, "its manifest is not signed"),
    ("csv", another_encoding, "log.csv cannot be read as csv"),
    ("csv", other_columns, "the headings are not those of the export"),
    (
        "csv",
        proof_of_another,
        "row 3 (audit line {third}): its proof does not lead to the signed root",
    ),
    (
        "csv",
        line_and_proof_of_another,
        "row 3 (audit line {third}): its proof is that of audit line {fourth}",
    ),
    ("xlsx", proofs_gone, "the manifest cannot be read"),
    ("ndjson", smaller_head, "the tree head: its signature does not fit"),
    ("ndjson", no_numbers, "the manifest cannot be read"),
]


@pytest.mark.parametrize(
    ("form", "forge", "says"), FORGED, ids=[f"{f}-{g.__name__}" for f, g, _ in FORGED]
)
def test_each_forgery_is_told_with_its_place(
    package: Callable[[str], Package], form: str, forge: Callable[[Package], None], says: str
) -> None:
    p = package(form)
    ids = [x["id"] for x in p.proofs]
    forge(p)
    says = says.format(first=ids[0], second=ids[1], third=ids[2], fourth=ids[3], last=ids[-1])
    assert any(says in fault for fault in check_export(p.path)), (says, check_export(p.path))


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_whatever_byte_changes_is_told(package: Callable[[str], Package], form: str) -> None:
    p = package(form)
    for file in (p.path, manifest_path(p.path)):
        whole = file.read_bytes()
        for place in {0, len(whole) // 3, len(whole) // 2, len(whole) - 2}:
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            try:
                assert check_export(p.path), (file.name, place)
            except ValueError:
                assert file == manifest_path(p.path), "no JSON any more"
        file.write_bytes(whole)
    assert check_export(p.path) == [], "the control"


@pytest.fixture
def forger(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(settings, "AUDIT_KEY", b"\x11" * 32)


def test_what_is_signed_with_the_forgers_own_key_is_told(
    package: Callable[[str], Package], forger: Callable[[], None]
) -> None:
    p, pins = package("ndjson"), signing_keys.load_own_pins()
    lines = [canonical_line.encode_canonical_json({**json.loads(x), "actor": "2"}) for x in p.lines]
    levels = merkle_tree.build_tree_levels([canonical_line.leaf_hash(x) for x in lines])
    forger()
    head = TreeHead.create_signed(LINES, levels[-1][0], p.told["head"]["sealed_at"], 0, "")
    p.put(
        [x + b"\n" for x in lines],
        [
            {
                "id": json.loads(x)["id"],
                "position": i,
                "leaf": levels[0][i].hex(),
                "path": [n.hex() for n in merkle_tree.build_inclusion_proof(levels, i)],
            }
            for i, x in enumerate(lines)
        ],
    )
    told = export_manifest.sign_manifest(
        {k: v for k, v in p.told.items() if k not in ("v", "key", "signature", "proofs")}
        | {
            "head": head.as_json(),
            "first": {"id": p.proofs[0]["id"], "position": 0},
            "last": {"id": p.proofs[-1]["id"], "position": LINES - 1},
        }
    )
    manifest_path(p.path).write_text(json.dumps(told | {"proofs": p.proofs}))
    assert check_export(p.path, signing_keys.load_own_pins()) == [], (
        "it is whole: who trusts the key that lies inside believes it"
    )
    found = check_export(p.path, pins)
    assert len(found) == 2 and all("a key that is not pinned (SHA256:" in f for f in found), found


def test_whose_key_proves_it(
    package: Callable[[str], Package],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    forger: Callable[[], None],
) -> None:
    p = package("csv")
    own, block = (
        signing_keys.load_own_pins()[-1].fingerprint,
        signing_keys.pem_from_key(signing_keys.own_public_key_bytes()),
    )
    call_command("audit_verify", package=p.path)
    assert f"the key of this installation (SHA256:{own})" in capsys.readouterr().out
    pinned = tmp_path / "auditor.pem"
    forger()  # another installation, such as the auditor's
    with pytest.raises(SystemExit):
        call_command("audit_verify", package=p.path)
    assert f"a key that is not pinned (SHA256:{own})" in capsys.readouterr().out
    pinned.write_text(f"name: 杏林\n{block}")
    for key in (str(pinned), own, f"SHA256:{own.upper()}"):
        call_command("audit_verify", package=p.path, key=key)
        said = capsys.readouterr().out
        assert "intact: log.csv: its 7 rows" in said
        assert p.told["exported_at"] in said and all(
            f"{k}={v}" in said for k, v in p.told["filter"].items() if v
        ), "an older or narrower export passes for no other"


def test_keys_hold_for_their_time(package: Callable[[str], Package]) -> None:
    p, block = package("csv"), signing_keys.pem_from_key(signing_keys.own_public_key_bytes())
    at = p.told["exported_at"]
    good = signing_keys.parse_pinned_keys(
        f"from: 2020-01-01T00:00:00Z\nuntil: 2999-01-01T00:00:00Z\n{block}", "x"
    )
    assert check_export(p.path, good) == [] and not good[0].covers(
        signing_keys.parse_offset_time("2999-01-01T00:00:00Z")
    )
    for said in (f"until: {p.told['head']['sealed_at']}", "from: 2999-01-01T00:00:00Z"):
        assert any(
            "did not sign" in f
            for f in check_export(p.path, signing_keys.parse_pinned_keys(f"{said}\n{block}", "x"))
        ), said
    another = signing_keys.pem_from_key(
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    )
    assert (
        check_export(
            p.path, signing_keys.parse_pinned_keys(f"until: {at}\n{another}\n{block}", "x")
        )
        == []
    ), "each block has the lines above it alone"
    for wrong in (f"until: 2026-01-01\n{block}", block.replace("MC", "XX")):
        with pytest.raises(signing_keys.NoAuditKey):
            signing_keys.parse_pinned_keys(wrong, "x")


def test_a_later_export_proves_that_it_goes_on_from_an_earlier_one(
    package: Callable[[str], Package], tmp_path: Path
) -> None:
    p = package("csv")
    append_event(AuditEvent(EventCode.RECORD_SEARCH, "staff", WHO, "donghu", "clinician", "TREAT"))
    chosen = AuditFilter(actor_kind="staff", actor=WHO)
    wait_until(lambda: (seal_all(), count_export_lines(chosen)[0] == LINES + 1)[1], "it is sealed")
    old, later = kept_head.read_kept_head(p.path), tmp_path / "later.csv"
    export_log(chosen, "csv", later, since=old.head)
    assert (
        check_export(later, None, old) == []
        and check_export(later, None, kept_head.read_kept_head(later)) == []
    )
    assert any(
        "the export is the older one" in f
        for f in check_export(p.path, None, kept_head.read_kept_head(later))
    )
    told = export_manifest.load_manifest(manifest_path(later))
    for since in (
        None,
        {**told["since"], "proof": told["since"]["proof"][:-1]},
        {**told["since"], "proof": []},
    ):
        manifest_path(later).write_text(json.dumps({**told, "since": since}))
        assert any(
            "go on from the head" in f or "goes on from the head" in f
            for f in check_export(later, None, old)
        ), since


def test_exports_are_their_owners_alone_and_in_the_log(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "log.xlsx"
    out.write_text("there before")
    out.chmod(0o644)
    call_command("audit_export", start="2026-01-01", end=None, form="xlsx", out=out)
    said = capsys.readouterr().out
    rows = export_manifest.load_manifest(manifest_path(out))["rows"]
    assert said.splitlines()[-1].startswith(f"{rows} rows in ")
    assert rows >= 2 * LINES and check_export(out) == []
    assert [oct(f.stat().st_mode & 0o777) for f in sorted(tmp_path.iterdir())] == ["0o600"] * 2
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT detail FROM consent_audit_event WHERE code = 'consent:audit:export' ORDER BY id"
            " DESC LIMIT 1"
        )
        assert cursor.fetchone()[0].startswith(f"xlsx · {rows} rows · start=2026-01-01")
