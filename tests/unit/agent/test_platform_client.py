"""The client of the platform over real sockets: token, clock, proxy, certificate, and whose trouble
it is.
"""

import base64
import json
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from records.agent.client_assertion import public_jwk, sign_assertion
from records.agent.connection import read_line
from records.agent.platform_away import PlatformAway, Trouble
from records.agent.platform_client import Credentials, PlatformClient
from records.agent.verdict import SENTENCES, say_trouble, whose_trouble
from tests.support.agent_line import make_authority, serve_proxy
from tests.support.sync_server import CLIENT, HOSPITAL, SECRET, SyncPlatform, serve_sync

KEYS = {
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RS384": lambda: rsa.generate_private_key(65537, 3072),
}


@pytest.fixture
def platform() -> SyncPlatform:
    return SyncPlatform()


def ask(client: PlatformClient) -> int:
    try:
        return client.send("GET", f"{client.sync_path}/batches/s0").status
    finally:
        client.close()


def with_secret(url: str, **line: object) -> PlatformClient:
    return PlatformClient(
        read_line(url, **line),  # type: ignore[arg-type]
        Credentials(CLIENT, secret=SECRET),
        HOSPITAL,
    )


@pytest.mark.parametrize("algorithm", KEYS)
def test_an_assertion_is_signed_by_the_key(algorithm: str) -> None:
    key = KEYS[algorithm]()
    signed, _, signature = sign_assertion(key, CLIENT, "https://x/oauth/token", 1e9).rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    if algorithm == "ES384":
        pair = [int.from_bytes(raw[place : place + 48], "big") for place in (0, 48)]
        key.public_key().verify(
            encode_dss_signature(*pair), signed.encode(), ec.ECDSA(hashes.SHA384())
        )
    else:
        key.public_key().verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA384())
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split(".")
    )
    assert header["alg"] == algorithm == public_jwk(key)["alg"]
    assert header["kid"] == public_jwk(key)["kid"]
    assert (claims["iss"], claims["aud"]) == (CLIENT, "https://x/oauth/token")
    assert claims["exp"] - claims["iat"] <= 300


def test_a_key_asks_for_a_token_once(tmp_path: Path, platform: SyncPlatform) -> None:
    key = KEYS["ES384"]().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    with serve_sync(platform) as url:
        client = PlatformClient(read_line(url), Credentials(CLIENT, tmp_path / "key.pem"), HOSPITAL)
        assert [ask(client), ask(client)] == [200, 200]
    assert len(platform.tokens) == 1


@pytest.mark.parametrize("clock", [-7200.0, 86400.0 * 400])
def test_a_clock_that_is_off_is_corrected_in_assertions_and_known(
    tmp_path: Path, platform: SyncPlatform, clock: float
) -> None:
    platform.clock = clock
    key = KEYS["ES384"]().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    with serve_sync(platform) as url:
        client = PlatformClient(read_line(url), Credentials(CLIENT, tmp_path / "key.pem"), HOSPITAL)
        assert ask(client) == 200
    assert len(platform.assertions) == 2, "refused once, then by the platform's clock"
    assert abs(client.clock.offset - clock) < 3
    assert client.clock.off


def test_a_clock_that_is_right_is_not_off(platform: SyncPlatform) -> None:
    with serve_sync(platform) as url:
        client = with_secret(url)
        assert ask(client) == 200
    assert client.clock.known
    assert not client.clock.off


def test_a_wrong_secret_is_told_as_refused_credentials(platform: SyncPlatform) -> None:
    with serve_sync(platform) as url:
        client = PlatformClient(read_line(url), Credentials(CLIENT, secret="no"), HOSPITAL)
        with pytest.raises(PlatformAway) as told:
            ask(client)
    assert told.value.trouble is Trouble.CREDENTIALS


def test_a_kept_connection_that_was_closed_is_opened_again(platform: SyncPlatform) -> None:
    with serve_sync(platform) as url:
        client = with_secret(url)
        assert client.send("GET", f"{client.sync_path}/batches/s0").status == 200
        connection = client._threads.connection
        connection.sock.shutdown(socket.SHUT_RDWR)
        assert client.send("GET", f"{client.sync_path}/batches/s0").status == 200
        assert client._threads.connection is not connection
        client.close()


def test_through_a_proxy_with_a_password(tmp_path: Path, platform: SyncPlatform) -> None:
    ca_file, server_file = make_authority(tmp_path)
    with serve_sync(platform, server_file) as url, serve_proxy("clerk", "p:ss%") as (at, tunnels):
        good = with_secret(url, proxy=f"http://clerk:p%3Ass%25@{at}", ca_file=ca_file)
        assert ask(good) == 200
        assert tunnels[0].startswith("localhost:")
        with pytest.raises(PlatformAway) as told:
            ask(with_secret(url, proxy=f"http://clerk:wrong@{at}", ca_file=ca_file))
    assert told.value.trouble is Trouble.PROXY
    assert "wrong" not in say_trouble(told.value)


def test_an_own_authority_is_named_or_the_certificate_is_refused(
    tmp_path: Path, platform: SyncPlatform
) -> None:
    ca_file, server_file = make_authority(tmp_path)
    with serve_sync(platform, server_file) as url:
        assert ask(with_secret(url, ca_file=ca_file)) == 200
        with pytest.raises(PlatformAway) as told:
            ask(with_secret(url))
        assert told.value.trouble is Trouble.CERTIFICATE
        with pytest.raises(PlatformAway) as told:
            ask(with_secret(url, ca_file=tmp_path / "none.pem"))
        assert told.value.trouble is Trouble.SETTINGS


def test_a_certificate_of_another_name_is_refused(tmp_path: Path, platform: SyncPlatform) -> None:
    ca_file, server_file = make_authority(tmp_path, "another.invalid")
    with serve_sync(platform, server_file) as url:
        with pytest.raises(PlatformAway) as told:
            ask(with_secret(url, ca_file=ca_file))
    assert told.value.trouble is Trouble.CERTIFICATE


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(PlatformAway) as told:
            ask(with_secret(f"http://127.0.0.1:{free.getsockname()[1]}"))
    assert told.value.trouble is Trouble.NETWORK


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(PlatformAway) as told:
        ask(with_secret("https://platform.invalid"))
    assert told.value.trouble is Trouble.NAME


@pytest.mark.parametrize("url", ["http://platform.example", "ftp://x", "platform.example", ""])
def test_an_address_that_is_none_or_open_to_the_line_is_a_setting(url: str) -> None:
    with pytest.raises(PlatformAway) as told:
        read_line(url)
    assert told.value.trouble is Trouble.SETTINGS
    assert read_line("https://platform.example/base/").base.path == "/base"


@pytest.mark.parametrize("trouble", Trouble)
def test_each_trouble_has_one_sentence_in_both_languages(trouble: Trouble) -> None:
    away = PlatformAway(trouble, "something")
    assert whose_trouble(away) in ("us", "them", "line")
    for language in ("zh", "en"):
        assert "something" in say_trouble(away, language)
    assert SENTENCES[trouble][1].endswith("。")
