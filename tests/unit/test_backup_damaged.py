"""Whatever lies in the backup folder under a name that we read: it is understood, or refused
with the file's name and a mend; never anything else.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliance.backup import backup_tags, key_envelope, site_settings
from alliance.backup.backup_chain import list_backups
from alliance.backup.drill import find_envelope_faults
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, read_json_file, write_json_file
from alliance.backup.source_server import ServerFacts
from alliance.backup.wal_archive import read_timeline_lineage, tagged
from alliance.platform.environment import KEY_NAMES
from tests.factories.backups import link

DRAWN = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = st.integers() | st.sampled_from([0, -1, 2**30, 2**63, 10**400]) | st.floats()
ANY = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text()
    | st.sampled_from(["../x", "0/0", "2026-01-01", "0001-01-01T00:00:00+23:59", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
KEY, OTHER = b"k" * 32, b"o" * 32
PRIVATE = x25519.X25519PrivateKey.generate()
FACTS = ServerFacts("1", 18, 1, 2**24, 0, "0/0", True, "", "", dict.fromkeys(KEY_NAMES, "00"), [])
PHRASE = b"six words drawn by dice are good"


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    """One backup in it, and a file of the log."""
    folder = BackupFolder(tmp_path / "backups")
    only = link(3)
    (only.data(folder) / "pg_wal").mkdir(parents=True)
    (only.data(folder) / "PG_VERSION").write_text("18\n")
    run = folder.wal / "20260301T000000Z"
    run.mkdir(parents=True)
    (run / "00000002.history").write_text("1\t0/B000500\tbefore 2026-01-01\n")
    write_json_file(folder.path / "xinglin-backup.json", {"format": 1, "system": "1"})
    place = only.place(folder)
    only.save(place)
    write_json_file(
        place / "keys.json",
        key_envelope.seal_envelope(
            {"keys": {"index_key": "ab" * 32}, "audit_keys": ""}, {}, PRIVATE.public_key()
        ),
    )
    write_json_file(
        place / "settings.json",
        {"format": 1, "made": "2026-03-01T00:00:00+08:00", "settings": {"PORT": "8000"}},
    )
    backup_tags.write_backup_tag(place, only, KEY)
    return folder


def place_of(folder: BackupFolder) -> Path:
    return next(folder.base.iterdir())


def readers(folder: BackupFolder) -> dict[str, tuple[Path, Callable[[Path], Any]]]:
    """{what: (file, who reads it)}"""
    place = place_of(folder)
    return {
        "mark": (folder.path / "xinglin-backup.json", lambda _: folder.open().read_system_id()),
        "backup": (place / "backup.json", lambda _: list_backups(folder)),
        "keys": (
            place / "keys.json",
            lambda path: key_envelope.open_envelope(read_json_file(path), PRIVATE, path),
        ),
        "prints": (place / "keys.json", lambda path: find_envelope_faults(folder, path, FACTS)),
        "settings": (
            place / "settings.json",
            lambda path: site_settings.lay_out_settings(
                path.parent, {}, folder.path.with_name("shown")
            ),
        ),
        "tag": (place / "tag.json", lambda _: backup_tags.check_backup_tag(folder, link(3), KEY)),
        "history": (
            folder.wal / "20260301T000000Z" / "00000002.history",
            lambda _: read_timeline_lineage(folder),
        ),
    }


def understood_or_refused(folder: BackupFolder, what: str) -> None:
    path, reader = readers(folder)[what]
    shown = folder.path.with_name("shown") / site_settings.SETTINGS_FILE
    shown.unlink(missing_ok=True)
    try:
        reader(path)
    except BackupRefused as refusal:
        assert path.name in str(refusal) or "recovery key of the backup" in str(refusal), str(
            refusal
        )
        assert any(mend in str(refusal) for mend in MENDS), str(refusal)
        str(refusal).encode()


MENDS = (
    "Take another copy",
    "put the file back",
    "Use that release",
    "use the release",
    "Take an earlier",
    "is wanted",
)
NAMES = ["mark", "backup", "keys", "prints", "settings", "tag", "history"]


@pytest.mark.parametrize("what", NAMES)
def test_what_was_written_is_understood(folder: BackupFolder, what: str) -> None:
    path, reader = readers(folder)[what]
    assert reader(path)


@pytest.mark.parametrize("what", NAMES)
def test_any_bytes(folder: BackupFolder, what: str) -> None:
    path = readers(folder)[what][0]

    @DRAWN
    @given(
        st.binary(max_size=200)
        | st.text(max_size=100).map(str.encode)
        | st.sampled_from(
            [
                b"[" * 100_000,
                b'{"a":' * 100_000,
                b'{"system": ' + b"1" * 5000 + b"}",
                b" " * 2**20 + b"{}",
                b"\xff\xfe",
            ]
        )
    )
    def drawn(said: bytes) -> None:
        path.write_bytes(said)
        understood_or_refused(folder, what)

    drawn()


@pytest.mark.parametrize("what", [name for name in NAMES if name != "history"])
def test_any_json_in_any_place(folder: BackupFolder, what: str) -> None:
    path = readers(folder)[what][0]
    whole = json.loads(path.read_text())

    @DRAWN
    @given(st.data())
    def drawn(data: st.DataObject) -> None:
        altered = copy.deepcopy(whole)
        at: Any = altered
        while True:
            word = data.draw(st.sampled_from(sorted(at)))
            if isinstance(at[word], dict) and at[word] and data.draw(st.booleans()):
                at = at[word]
                continue
            if data.draw(st.integers(0, 3)):
                at[word] = data.draw(ANY)
            else:
                del at[word]
            break
        path.write_text(json.dumps(altered))
        understood_or_refused(folder, what)

    drawn()


@DRAWN
@given(st.sampled_from(["n", "r", "p", "salt", "nonce", "wrapped", "kind"]), ANY)
def test_scrypt_is_bounded_before_it_is_reckoned(word: str, value: Any) -> None:
    """By memory and rounds together, whatever the one of them is: what stands there would be
    filled.
    """
    secret = b"s" * 32
    recipient = {
        "kind": "scrypt",
        "n": 16,
        "r": 1,
        "p": 1,
        "salt": key_envelope.encode_base64(b"s" * 16),
        "nonce": key_envelope.encode_base64(b"n" * 12),
        "wrapped": key_envelope.encode_base64(secret),
    }
    sealed = {
        "format": "xinglin-keys",
        "version": 1,
        "made": "x",
        "fingerprints": {},
        "nonce": key_envelope.encode_base64(b"n" * 12),
        "content": key_envelope.encode_base64(b"c"),
        "recipient": recipient | {word: value},
    }
    with pytest.raises(BackupRefused):
        key_envelope.open_envelope(sealed, PHRASE)


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [(2**20, 32, 1), (2**21, 8, 1), (2, 2**30, 1), (2**17, 8, 100), (2**10, 8, 2**40)],
)
def test_a_memory_that_is_filled_is_refused(n: int, r: int, p: int, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(PHRASE)
    sealed = key_envelope.seal_envelope(
        {"keys": {}}, {}, key_envelope.read_passphrase(tmp_path / "p")
    )
    assert key_envelope.open_envelope(sealed, PHRASE)["keys"] == {}, "the control"
    with pytest.raises(BackupRefused, match="fill the memory"):
        key_envelope.open_envelope(
            sealed | {"recipient": sealed["recipient"] | {"n": n, "r": r, "p": p}}, PHRASE
        )


@DRAWN
@given(st.binary(max_size=100) | ANY.map(lambda said: json.dumps(said).encode()))
def test_any_tag_of_a_file_of_the_log(
    tmp_path_factory: pytest.TempPathFactory, said: bytes
) -> None:
    path = tmp_path_factory.mktemp("run") / "000000010000000000000001"
    path.with_name(path.name + ".tag").write_bytes(said)
    assert tagged(KEY, "1", path) is None
