"""Keys are those of the database: known by their fingerprints, and where there are none yet, by
what they have written.
"""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from alliance.backup import key_proof
from alliance.database import connection_guard
from alliance.database.connection_guard import (
    find_wrong_key_fault,
    key_fingerprint,
    own_key_fingerprints,
)
from alliance.models import KeyPrint
from alliance.platform.environment import KEY_NAMES, StartRefused
from alliance.platform.state_files import key_file, state_folder
from consent.audit.sealer import seal_all
from records.maintenance import reencode
from tests import draws
from tests.support.world import World, w

__all__ = ["w"]


def recorded() -> dict[str, str]:
    return dict(KeyPrint.objects.values_list("name", "fingerprint"))


@pytest.mark.parametrize("name", KEY_NAMES)
def test_each_key_is_known_again(world: None, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert find_wrong_key_fault(recorded()) == "" and recorded().keys() == set(KEY_NAMES), (
        "the control"
    )
    other = draws.token_hex(32)
    monkeypatch.setenv(f"XINGLIN_{name.upper()}", other)
    assert name in find_wrong_key_fault(recorded()) and not any(
        n in find_wrong_key_fault(recorded()) for n in KEY_NAMES if n != name
    )
    assert other not in str(recorded()) and key_fingerprint(name, other) != key_fingerprint(
        "body_key" if name != "body_key" else "audit_key", other
    ), "another mark for each use"


def test_a_successor_of_the_master_key_is_as_good(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = own_key_fingerprints()["body_key"], draws.token_hex(32)
    monkeypatch.setenv("XINGLIN_BODY_KEY_NEXT", new)
    assert own_key_fingerprints()["body_key"] == old | {key_fingerprint("body_key", new)}
    assert (
        find_wrong_key_fault(recorded()) == ""
        and find_wrong_key_fault(recorded() | {"body_key": key_fingerprint("body_key", new)}) == ""
    )
    monkeypatch.delenv("XINGLIN_BODY_KEY_NEXT")
    assert "body_key" in find_wrong_key_fault(
        recorded() | {"body_key": key_fingerprint("body_key", new)}
    ), "the control"


def test_a_new_key_of_sessions(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(*_: object) -> None:
        raise OSError

    old, before = key_file("secret_key").read_text(), recorded()["secret_key"]
    with monkeypatch.context() as patch:
        patch.setattr(reencode.os, "replace", broken_off)
        with pytest.raises(OSError):
            reencode.rotate_secret_key("test")
    assert (
        key_file("secret_key").read_text() == old
        and recorded()["secret_key"] != before
        and find_wrong_key_fault(recorded()) == ""
    ), "broken off, it starts"
    assert reencode.rotate_secret_key("test") == ""
    assert (
        key_file("secret_key").read_text() != old
        and not key_file("secret_key_next").exists()
        and find_wrong_key_fault(recorded()) == ""
    )
    monkeypatch.setenv("XINGLIN_SECRET_KEY", old)
    assert "secret_key" in find_wrong_key_fault(recorded()), "the old one starts nothing any more"
    made = reencode.rotate_secret_key("test")
    monkeypatch.setenv("XINGLIN_SECRET_KEY", made)
    assert find_wrong_key_fault(recorded()) == ""
    monkeypatch.delenv("XINGLIN_SECRET_KEY")
    key_file("secret_key").write_text(old)
    connection_guard.record_key_fingerprint("secret_key", old)  # of the other tests


def test_every_process_compares(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_guard, "compared", False)
    with connection.cursor() as cursor:
        connection_guard.check_database_fits(cursor)
        monkeypatch.setenv("XINGLIN_AUDIT_KEY", draws.token_hex(32))
        with pytest.raises(StartRefused, match="audit_key"):
            connection_guard.check_database_fits(cursor)
    other = connection.copy()
    monkeypatch.setattr(connection_guard, "compared", False)
    with pytest.raises(StartRefused, match="audit_key"):
        other.ensure_connection()
    assert other.connection is None, "what was refused is not left open for the next one who asks"


def test_a_part_of_the_site_waits_for_setup(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        KeyPrint.objects.filter(name="index_key").delete()
        try:
            connection_guard.check_database_fits(cursor)
            monkeypatch.setenv("XINGLIN_PROCESS", "sealer")
            with pytest.raises(StartRefused, match=r"run `manage\.py setup`"):
                connection_guard.check_database_fits(cursor)
        finally:
            monkeypatch.delenv("XINGLIN_PROCESS", raising=False)
            connection_guard.record_key_fingerprints()
        connection_guard.check_database_fits(cursor)


def test_where_there_are_no_prints_what_was_written_proves(
    w: World, monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest
) -> None:
    seal_all()
    key_proof.prove_keys()
    monkeypatch.setenv("XINGLIN_BODY_KEY", draws.token_hex(32))
    settings.AUDIT_KEY = draws.token_bytes(32)  # type: ignore[attr-defined]
    kept = recorded()
    KeyPrint.objects.all().delete()
    try:
        with pytest.raises(StartRefused, match="audit_key, body_key"):
            call_command("setup")
        assert not KeyPrint.objects.exists()
    finally:
        for name, mark in kept.items():
            KeyPrint.objects.create(name=name, fingerprint=mark)


def test_the_index_key_proves_itself_in_another_process(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from records.mpi.index import field_protection

    assert key_proof.is_index_key_right(), "the control"
    monkeypatch.setattr(field_protection.settings, "INDEX_KEY", draws.token_bytes(32))
    field_protection.index_cipher.cache_clear()
    try:
        assert not key_proof.is_index_key_right()
    finally:
        monkeypatch.undo()
        field_protection.index_cipher.cache_clear()


def test_keys_are_files_of_nobody_else(world: None) -> None:
    folder: Path = state_folder() / "secrets"
    assert folder.stat().st_mode & 0o077 == 0 and all(
        p.stat().st_mode & 0o077 == 0 for p in folder.iterdir()
    )
    assert {p.name for p in folder.iterdir()} >= set(KEY_NAMES)
