"""Keys are those of the database: known by their fingerprints, and where there are none yet, by what they have written."""

import secrets
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from alliance.config import guard, proof
from alliance.config.environment import KEYS, StartRefused
from alliance.config.guard import print_of, prints, wrong_keys
from alliance.config.home import home, key_file
from alliance.models import KeyPrint
from consent.audit.seal import seal_all
from records.interactions import rest
from tests.leaks.test_shared_record import World, w

__all__ = ["w"]


def recorded() -> dict[str, str]:
    return dict(KeyPrint.objects.values_list("name", "fingerprint"))


@pytest.mark.parametrize("name", KEYS)
def test_each_key_is_known_again(world: None, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert wrong_keys(recorded()) == "" and recorded().keys() == set(KEYS), "the control"
    other = secrets.token_hex(32)
    monkeypatch.setenv(f"XINGLIN_{name.upper()}", other)
    assert name in wrong_keys(recorded()) and not any(n in wrong_keys(recorded()) for n in KEYS if n != name)
    assert other not in str(recorded()) and print_of(name, other) != print_of("body_key" if name != "body_key" else "audit_key", other), "another mark for each use"


def test_a_successor_of_the_master_key_is_as_good(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = prints()["body_key"], secrets.token_hex(32)
    monkeypatch.setenv("XINGLIN_BODY_KEY_NEXT", new)
    assert prints()["body_key"] == old | {print_of("body_key", new)}
    assert wrong_keys(recorded()) == "" and wrong_keys(recorded() | {"body_key": print_of("body_key", new)}) == ""
    monkeypatch.delenv("XINGLIN_BODY_KEY_NEXT")
    assert "body_key" in wrong_keys(recorded() | {"body_key": print_of("body_key", new)}), "the control"


def test_a_new_key_of_sessions(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(*_: object) -> None:
        raise OSError

    old, before = key_file("secret_key").read_text(), recorded()["secret_key"]
    with monkeypatch.context() as patch:
        patch.setattr(rest.os, "replace", broken_off)
        with pytest.raises(OSError):
            rest.new_secret_key("test")
    assert key_file("secret_key").read_text() == old and recorded()["secret_key"] != before and wrong_keys(recorded()) == "", "broken off, it starts"
    assert rest.new_secret_key("test") == ""
    assert key_file("secret_key").read_text() != old and not key_file("secret_key_next").exists() and wrong_keys(recorded()) == ""
    monkeypatch.setenv("XINGLIN_SECRET_KEY", old)
    assert "secret_key" in wrong_keys(recorded()), "the old one starts nothing any more"
    made = rest.new_secret_key("test")
    monkeypatch.setenv("XINGLIN_SECRET_KEY", made)
    assert wrong_keys(recorded()) == ""
    monkeypatch.delenv("XINGLIN_SECRET_KEY")
    key_file("secret_key").write_text(old)
    guard.record_print("secret_key", old)  # of the other tests


def test_every_process_compares(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "compared", False)
    with connection.cursor() as cursor:
        guard.compare(cursor)
        monkeypatch.setenv("XINGLIN_AUDIT_KEY", secrets.token_hex(32))
        with pytest.raises(StartRefused, match="audit_key"):
            guard.compare(cursor)
    other = connection.copy()
    monkeypatch.setattr(guard, "compared", False)
    with pytest.raises(StartRefused, match="audit_key"):
        other.ensure_connection()
    assert other.connection is None, "what was refused is not left open for the next one who asks"


def test_a_part_of_the_site_waits_for_setup(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        KeyPrint.objects.filter(name="index_key").delete()
        try:
            guard.compare(cursor)
            monkeypatch.setenv("XINGLIN_PROCESS", "sealer")
            with pytest.raises(StartRefused, match=r"run `manage\.py setup`"):
                guard.compare(cursor)
        finally:
            monkeypatch.delenv("XINGLIN_PROCESS", raising=False)
            guard.record_prints()
        guard.compare(cursor)


def test_where_there_are_no_prints_what_was_written_proves(w: World, monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest) -> None:
    seal_all()
    proof.prove_keys()
    monkeypatch.setenv("XINGLIN_BODY_KEY", secrets.token_hex(32))
    settings.AUDIT_KEY = secrets.token_bytes(32)  # type: ignore[attr-defined]
    kept = recorded()
    KeyPrint.objects.all().delete()
    try:
        with pytest.raises(StartRefused, match="audit_key, body_key"):
            call_command("setup")
        assert not KeyPrint.objects.exists()
    finally:
        for name, mark in kept.items():
            KeyPrint.objects.create(name=name, fingerprint=mark)


def test_the_index_key_proves_itself_in_another_process(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from records.mpi import sealed

    assert proof.index_key_holds(), "the control"
    monkeypatch.setattr(sealed.settings, "INDEX_KEY", secrets.token_bytes(32))
    sealed.cipher.cache_clear()
    try:
        assert not proof.index_key_holds()
    finally:
        monkeypatch.undo()
        sealed.cipher.cache_clear()


def test_keys_are_files_of_nobody_else(world: None) -> None:
    folder: Path = home() / "secrets"
    assert folder.stat().st_mode & 0o077 == 0 and all(p.stat().st_mode & 0o077 == 0 for p in folder.iterdir())
    assert {p.name for p in folder.iterdir()} >= set(KEYS)
