"""Talk to the platform over HTTPS: a token of this system is asked for, renewed and added; what
goes wrong is a PlatformAway that says what kind of trouble it is.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping
from urllib.parse import urlencode

from . import __version__
from .client_assertion import load_key, sign_assertion
from .connection import Line, open_connection, read_line
from .platform_away import PlatformAway, Trouble, name_trouble
from .platform_clock import PlatformClock

TOKEN_PATH = "/oauth/token"  # noqa: S105
RENEW_BEFORE = 120  # seconds before a token ends
LARGEST_ANSWER = 64 * 1024 * 1024
LONGEST_WAIT = 3600  # seconds that an answer may ask for
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AGENT = f"xinglin-agent/{__version__}"


@dataclass(frozen=True)
class Reply:
    """headers: names in lower case. body: unpacked."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Raises PlatformAway where the body is no JSON: a proxy's page, or half an answer."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise PlatformAway(
                Trouble.PLATFORM, f"{self.status}: an answer that is no JSON"
            ) from error

    @property
    def retry_after(self) -> float | None:
        """No longer than an hour, whatever it says: the agent must come back by itself."""
        text = self.headers.get("retry-after", "")
        if not (text.isascii() and text.isdigit()):
            return None
        return float(min(int(text[:6]), LONGEST_WAIT))


@dataclass(frozen=True)
class Credentials:
    """Either a secret, or the file of a key."""

    client_id: str
    key: Path | None = None
    secret: str = ""
    token_url: str = ""  # as the platform calls it, where a proxy has another address


class PlatformClient:
    """Any number of threads. Nothing is connected before the first `send`."""

    def __init__(self, line: Line, credentials: Credentials, hospital: str = "") -> None:
        self.line = line
        self.credentials = credentials
        self.hospital = hospital
        self.clock = PlatformClock()
        self._threads = threading.local()
        self._token = ""
        self._token_ends = 0.0  # by time.monotonic()
        self._token_lock = threading.Lock()

    @property
    def client_id(self) -> str:
        return self.credentials.client_id

    @property
    def public_url(self) -> str:
        """The platform's root as it calls itself."""
        told = self.credentials.token_url
        if told.endswith(TOKEN_PATH):
            return told[: -len(TOKEN_PATH)]
        return self.line.base.geturl()

    @property
    def sync_path(self) -> str:
        return f"/sync/{self.hospital}"

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> Reply:
        """path: below the platform's root, such as /sync/nanqiao/batches. Raises PlatformAway for
        trouble on the way and for refused credentials; every other status is the caller's.
        """
        token = self._get_token(timeout)
        reply = self._exchange(method, path, body, self._with_token(headers, token), timeout)
        if reply.status == 401:
            self._drop_token(token)
            token = self._get_token(timeout)
            reply = self._exchange(method, path, body, self._with_token(headers, token), timeout)
            if reply.status == 401:
                raise PlatformAway(Trouble.CREDENTIALS, read_error(reply))
        return reply

    def send_without_token(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> Reply:
        """For the enrolment."""
        return self._exchange(method, path, body, headers or {}, timeout)

    def forget_token(self) -> None:
        """After the key was changed."""
        with self._token_lock:
            self._token = ""

    def close(self) -> None:
        """The connection of this thread."""
        connection = getattr(self._threads, "connection", None)
        if connection is not None:
            connection.close()
            self._threads.connection = None

    @staticmethod
    def _with_token(headers: dict[str, str] | None, token: str) -> dict[str, str]:
        return {**(headers or {}), "Authorization": f"Bearer {token}"}

    def _get_token(self, timeout: float) -> str:
        with self._token_lock:
            if not self._token or time.monotonic() > self._token_ends - RENEW_BEFORE:
                self._token, self._token_ends = self._ask_token(timeout)
            return self._token

    def _drop_token(self, token: str) -> None:
        with self._token_lock:
            if self._token == token:
                self._token = ""

    def _ask_token(self, timeout: float) -> tuple[str, float]:
        """A first refusal may come of our clock: its answer tells the platform's time."""
        if not self.credentials.client_id:
            raise PlatformAway(Trouble.SETTINGS, "[platform] client_id is empty: enrol first")
        offset = self.clock.offset
        reply = self._post_token(timeout)
        if reply.status in (400, 401) and abs(self.clock.offset - offset) > 1:
            reply = self._post_token(timeout)
        if reply.status in (429, 503) or reply.status >= 500:
            raise PlatformAway(Trouble.PLATFORM, f"{reply.status} {TOKEN_PATH}", reply.retry_after)
        if reply.status != 200:
            trouble = Trouble.CLOCK if self.clock.off else Trouble.CREDENTIALS
            raise PlatformAway(trouble, f"{reply.status} {read_error(reply)}")
        answer = reply.json()
        lifetime = float(answer.get("expires_in", 300))
        return str(answer["access_token"]), time.monotonic() + max(lifetime, RENEW_BEFORE + 30)

    def _post_token(self, timeout: float) -> Reply:
        form = {"grant_type": "client_credentials", "client_id": self.credentials.client_id}
        if self.credentials.secret:
            form["client_secret"] = self.credentials.secret
        elif self.credentials.key is not None:
            url = self.credentials.token_url or self.line.base.geturl() + TOKEN_PATH
            form["client_assertion_type"] = ASSERTION_TYPE
            form["client_assertion"] = sign_assertion(
                load_key(self.credentials.key), self.credentials.client_id, url, self.clock.now()
            )
        else:
            raise PlatformAway(Trouble.SETTINGS, "[platform] has neither key nor secret")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._exchange("POST", TOKEN_PATH, urlencode(form).encode(), headers, timeout)

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> Reply:
        """Once; and once more where a connection that was kept open turns out to be closed, which
        every request of the protocol allows.
        """
        kept = getattr(self._threads, "connection", None)
        try:
            return self._exchange_once(method, path, body, headers, timeout)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if kept is None or isinstance(error, socket.timeout):
                raise name_trouble(error, proxy=self.line.through_proxy) from error
        try:
            return self._exchange_once(method, path, body, headers, timeout)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise name_trouble(error, proxy=self.line.through_proxy) from error

    def _exchange_once(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> Reply:
        connection = getattr(self._threads, "connection", None)
        if connection is None:
            connection = open_connection(self.line, timeout)
            self._threads.connection = connection
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        whole = {
            "User-Agent": AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            **headers,
        }
        sent = time.time()
        connection.request(method, self.line.base.path + path, body or None, whole)
        response = connection.getresponse()
        self.clock.note_date(response.getheader("Date"), sent, time.time())
        data = response.read(LARGEST_ANSWER + 1)
        if len(data) > LARGEST_ANSWER:
            self.close()
            raise PlatformAway(Trouble.PLATFORM, "an answer of more than 64 MiB")
        names = {name.lower(): value for name, value in response.getheaders()}
        if names.get("content-encoding") == "gzip":
            data = unpack_answer(data)
        if response.will_close:
            self.close()
        return Reply(response.status, names, data)


def unpack_answer(data: bytes) -> bytes:
    """No more than an answer may have, however small it was packed. Raises PlatformAway."""
    opened = zlib.decompressobj(wbits=31)
    try:
        unpacked = opened.decompress(data, LARGEST_ANSWER + 1)
    except zlib.error as error:
        raise PlatformAway(Trouble.PLATFORM, "half an answer") from error
    if len(unpacked) > LARGEST_ANSWER:
        raise PlatformAway(Trouble.PLATFORM, "an answer of more than 64 MiB")
    if not opened.eof:
        raise PlatformAway(Trouble.PLATFORM, "half an answer")
    return unpacked


def read_error(reply: Reply) -> str:
    """What an answer says of its refusal, in one line without values."""
    try:
        answer = json.loads(reply.body)
        return str(answer.get("error_description") or answer.get("en") or answer.get("error") or "")
    except (ValueError, AttributeError):
        return ""


def build_client(settings: Any, home: Path) -> PlatformClient:
    """settings: a ConfigParser with [platform]. Raises PlatformAway(SETTINGS)."""
    platform = settings["platform"]
    ca_file = platform.get("ca_file", "").strip()
    line = read_line(
        platform.get("url", "https://platform.invalid"),
        platform.get("proxy", ""),
        home / ca_file if ca_file else None,
    )
    secret, key = platform.get("secret", "").strip(), platform.get("key", "").strip()
    credentials = Credentials(
        client_id=platform.get("client_id", "").strip(),
        key=home / key if key and not secret else None,
        secret=secret,
        token_url=platform.get("token_url", "").strip(),
    )
    return PlatformClient(line, credentials, platform.get("hospital", "").strip())
