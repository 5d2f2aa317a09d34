"""Notices of sync: to whom an administrator has them sent, once a day and once when it is well, by
a signed webhook over TLS and by mail, tried again; no patient in them (docs/adr/0069).
"""

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from alliance.models import Hospital
from alliance.roles import Role
from records.sync.notice_delivery import deliver_notices, list_newest_notices, sign_body
from records.sync.notice_settings import list_notice_settings
from records.sync.notice_watch import watch_systems
from records.sync.notice_words import WORDS
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.browser import ENGLISH, signed_in
from tests.support.browser_witness import taken_back
from tests.support.html import Browser
from tests.support.sync_batches import Sender, put

DAY = dt.timedelta(days=1)


@dataclass
class TlsEndpoint:
    """answers: statuses of the next calls; then 200."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def told(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]


def make_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "endpoint.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def endpoint(
    world: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[TlsEndpoint]:
    found = TlsEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = found.answers.pop(0) if found.answers else 200
            if status == 200:
                found.got.append((dict(self.headers), body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    origin = f"https://127.0.0.1:{server.server_address[1]}"
    found.url = f"{origin}/notices"
    settings.HOOKS = settings.HOOKS | {origin}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_settings_of_others(world: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        for table in ("notice_setting", "notice", "trouble"):
            cursor.execute(f"DELETE FROM record_sync_{table}")


@pytest.fixture
def at(api: Api) -> Hospital:
    return Hospital.objects.get(code=api.base)


def beat(api: Api, **told: Any) -> None:
    reply = api.raw(
        "POST",
        f"/sync/{api.base}/heartbeat",
        json.dumps(told).encode(),
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"},
    )
    assert reply.status == 200, reply.body


def administrator(at: Hospital) -> Browser:
    return signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True))


def form(url: str = "", **more: Any) -> dict[str, Any]:
    return {
        "url": url,
        "silent_minutes": 30,
        "new_letters": 1,
        "waiting_hours": 24,
        "states": ["differs", "clock", "disk"],
    } | more


def set_up(at: Hospital, url: str = "", **more: Any) -> str:
    """The page after it was saved, which shows a new secret."""
    reply = administrator(at).post(
        f"/sync-board/{at.code}/notices/", form(url, **more), headers=ENGLISH
    )
    assert reply.status_code in (200, 302), reply.status_code
    return str(reply.content.decode())


def tell(now: dt.datetime) -> tuple[int, int]:
    """(notices made, arrived)."""
    return watch_systems(now), deliver_notices(timezone.now() + dt.timedelta(days=2))


def test_a_trouble_is_told_once_a_day_and_once_when_it_is_well(
    api: Api, at: Hospital, endpoint: TlsEndpoint
) -> None:
    page = set_up(at, endpoint.url, silent_minutes=0)
    secret = list_notice_settings([at.pk])[at.pk].open_secret()
    assert f"<code>{secret}</code>" in page
    beat(api, full=True)
    now = timezone.now()
    assert tell(now) == (1, 1)
    assert tell(now + DAY / 2) == (0, 0), "not again on the same day"
    assert tell(now + DAY + dt.timedelta(seconds=1)) == (1, 1), "again"
    beat(api)
    later = timezone.now()
    assert tell(later) == (1, 1), "it is well again"
    assert tell(later) == (0, 0), "once"
    beat(api, full=True)
    assert tell(timezone.now()) == (0, 0), "it comes and goes: once a day"
    told = endpoint.told
    assert [(t["cause"], t["state"]) for t in told] == [
        ("disk", "trouble"),
        ("disk", "trouble"),
        ("disk", "well"),
    ]
    headers, body = endpoint.got[0]
    seconds, mark = (part.partition("=")[2] for part in headers["X-Xinglin-Signature"].split(","))
    expected = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    assert mark == expected.hexdigest()
    assert abs(int(seconds) - timezone.now().timestamp()) < 60
    assert set(told[0]) == {
        "id", "hospital", "system", "name", "cause", "state", "number", "at", "zh", "en"
    }  # fmt: skip


def test_refused_and_waiting_records_are_told_without_a_patient(
    api: Api, at: Hospital, endpoint: TlsEndpoint
) -> None:
    set_up(at, endpoint.url)
    beat(api, clock=-90, compared={"ago": 0, "records": 5, "days": 2})
    patient = make_patient()
    bad = [
        put(
            make_observation("Patient/his-p1") | {"status": "no"},
            f"secret-{n}",
            at="检验.csv 第8行",
        )
        for n in range(2)
    ]
    Sender(api).sent(
        put(patient, "p1"), *bad, put(make_observation("Patient/his-secret9"), "secret-9")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_sync_dead_letter SET made_at = now() - interval '25 hours'"
            " WHERE hospital = %s AND state = 'waiting'",
            [at.pk],
        )
    assert tell(timezone.now()) == (4, 4)
    found = {t["cause"]: t["number"] for t in endpoint.told}
    assert found == {"letters": 2, "waiting": 25, "clock": 90, "differs": 2}
    text = b"".join(body for _, body in endpoint.got).decode()
    for hidden in ("secret-", "检验.csv", patient["name"][0]["text"]):
        assert hidden not in text, hidden


def test_what_did_not_arrive_is_tried_again_and_given_up(
    api: Api, at: Hospital, endpoint: TlsEndpoint
) -> None:
    set_up(at, endpoint.url)
    beat(api, full=True)
    endpoint.answers = [500]
    now = timezone.now()
    assert watch_systems(now) == 1
    assert deliver_notices(timezone.now()) == 0
    [notice] = list_newest_notices(at.pk)
    assert (notice.tries, notice.fault, notice.sent_at) == (1, "500", None)
    assert "tried in vain" in page_of(at)
    assert deliver_notices(timezone.now()) == 0, "not at once"
    assert deliver_notices(timezone.now() + dt.timedelta(minutes=1)) == 1
    assert "arrived" in page_of(at) and len(endpoint.got) == 1
    watch_systems(now + 2 * DAY)
    endpoint.answers = [500] * 9
    deliver_notices(timezone.now())
    deliver_notices(timezone.now() + 4 * DAY)
    assert [n.fault for n in list_newest_notices(at.pk) if not n.sent_at] == []


def page_of(at: Hospital) -> str:
    reply = administrator(at).get(f"/sync-board/{at.code}/notices/", headers=ENGLISH)
    return str(reply.content.decode())


def test_a_trial_shows_that_notices_arrive(api: Api, at: Hospital, endpoint: TlsEndpoint) -> None:
    browser, url = administrator(at), f"/sync-board/{at.code}/notices/"
    browser.post(url, {"trial": "1"})
    assert deliver_notices(timezone.now()) == 0, "nobody is told yet"
    set_up(at, endpoint.url)
    browser.post(url, {"trial": "1"})
    assert deliver_notices(timezone.now()) == 1
    assert [t["cause"] for t in endpoint.told] == ["test"]


def test_notices_go_by_mail_where_there_is_a_server(api: Api, at: Hospital) -> None:
    with override_settings(MAIL="smtp://mail.example"):
        set_up(at, mails="clerk@example.org\nboss@example.org")
        beat(api, full=True)
        assert tell(timezone.now()) == (1, 1)
        [sent] = mail.outbox
        assert sent.to == ["clerk@example.org", "boss@example.org"]
        assert at.name_zh in sent.subject and "磁盘已满" in sent.body
        assert "disk of its machine is full" in sent.body
        refused = administrator(at).post(
            f"/sync-board/{at.code}/notices/", form(mails="nobody"), headers=ENGLISH
        )
        assert refused.status_code == 200 and b'class="fault"' in refused.content
    assert "no mail server" in page_of(at), "the control: without one the page says so"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:18600/hook", "must begin with https://"),
        ("https://169.254.169.254/latest", "XINGLIN_HOOKS"),
        ("https://elsewhere.example/", "XINGLIN_HOOKS"),
    ],
)
def test_only_listed_https_addresses_are_called(
    api: Api, at: Hospital, url: str, says: str
) -> None:
    assert says in set_up(at, url)
    assert not list_notice_settings([at.pk])


def test_an_address_that_is_taken_off_the_list_is_not_called(
    api: Api, at: Hospital, endpoint: TlsEndpoint, settings: Any
) -> None:
    set_up(at, endpoint.url)
    settings.HOOKS = frozenset()
    beat(api, full=True)
    assert tell(timezone.now()) == (1, 0)
    assert not endpoint.got
    [notice] = list_newest_notices(at.pk)
    assert "no longer on the operator's list" in notice.fault


def test_who_may_set_them(api: Api, at: Hospital, endpoint: TlsEndpoint) -> None:
    url = f"/sync-board/{at.code}/notices/"
    far = alliance.make_hospital("far")
    for who, status in (
        (alliance.make_staff(at, Role.CLERK), 403),
        (alliance.make_staff(far, Role.ADMINISTRATOR), 404),
    ):
        assert signed_in(who).post(url, form(endpoint.url)).status_code == status
    assert not list_notice_settings([at.pk])
    set_up(at, endpoint.url)
    assert list_notice_settings([at.pk])[at.pk].url == endpoint.url, "the control"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT target, detail FROM consent_audit_event WHERE code ="
            " 'records:sync-notice:set' ORDER BY id DESC LIMIT 1"
        )
        assert cursor.fetchone() == (f"hospital/{at.code}", "127.0.0.1 · 0 mail")


def test_the_signature_is_the_one_that_the_guide_tells() -> None:
    at = dt.datetime(2026, 5, 3, tzinfo=dt.UTC)
    expected = hmac.new(b"s", b"1777766400.{}", hashlib.sha256).hexdigest()
    assert sign_body("s", b"{}", at) == f"t=1777766400,v1={expected}"


def test_every_notice_has_its_words() -> None:
    causes = {"silent", "letters", "waiting", "differs", "clock", "disk", "witness", "test"}
    assert set(WORDS) == causes


def test_that_a_member_has_seen_another_log_is_told_to_every_member(
    api: Api, at: Hospital, endpoint: TlsEndpoint
) -> None:
    """Within the minute: the courier looks each minute; nobody has to ask for it."""
    set_up(at, endpoint.url, silent_minutes=0)
    other = alliance.make_hospital("seer")
    with taken_back(other), connection.cursor() as cursor:
        tell(timezone.now())
        assert [t["cause"] for t in endpoint.told if t["cause"] == "witness"] == [], "the control"
        cursor.execute(
            "INSERT INTO consent_audit_cosignature (client, hospital, origin, size, root, line,"
            " key, contradicts) VALUES ('seer-1', %s, 'xinglin/log', 99, '\\x07', 'x',"
            " '\\x08', true)",
            [other.code],
        )
        tell(timezone.now())
        (told,) = [t for t in endpoint.told if t["cause"] == "witness"]
        assert told["hospital"] == at.code and "审计日志" in told["zh"]
        assert "seer" not in json.dumps(told), "by whom is not told"
        tell(timezone.now())
        assert len([t for t in endpoint.told if t["cause"] == "witness"]) == 1, "once a day"
