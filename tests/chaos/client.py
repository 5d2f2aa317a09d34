"""How everybody of the load asks: a request id that the client gives, another node where one
does not answer, and the one rule for what an answer may be.
"""

import base64
import hmac
import http.client
import itertools
import json
import struct
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.chaos.trace import AWAY, GOOD, WRONG, Trace

FHIR = "application/fhir+json"
PATIENCE = 20.0  # seconds; the site's own is shorter (stage.STATEMENT and ten)
SECRET = "XINGLINDEMOXINGLINDEMO2345672345"  # of the demo's second factor; published
numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    request: str
    began: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def version(self) -> int:
        """By its ETag; 0 without."""
        return version(self.headers.get("etag", ""))


def version(etag: str) -> int:
    number = etag.removeprefix("W/").strip('"')
    return int(number) if number.isdecimal() else 0


class Client:
    """One member's system at one or several sites. Threads share it: it holds nothing but the
    token and which site is asked.
    """

    def __init__(
        self, ports: list[int], member: str, credentials: tuple[str, str], trace: Trace
    ) -> None:
        self.ports, self.member, self.credentials, self.trace = ports, member, credentials, trace
        self.token = ""
        self.lock = threading.Lock()
        self.turn = threading.local()

    def port(self) -> int:
        if not hasattr(self.turn, "at"):
            self.turn.at = next(numbers)
        return self.ports[int(self.turn.at) % len(self.ports)]

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        seconds: float = PATIENCE,
    ) -> Reply:
        """path: as it stands in the request. Raises OSError, HTTPException; the next one then
        asks another site.
        """
        began, request = time.monotonic(), f"chaos-{next(numbers)}"
        link = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=seconds)
        try:
            link.request(method, path, body, {"X-Request-Id": request, **headers})
            reply = link.getresponse()
            return Reply(
                reply.status,
                {k.lower(): v for k, v in reply.getheaders()},
                reply.read(),
                request,
                began,
            )
        except (OSError, http.client.HTTPException):
            self.turn.at += 1
            raise
        finally:
            link.close()

    def fhir(self, method: str, path: str, resource: Any = None, **headers: str) -> Reply:
        """path: below the member's base, or a whole address. A token that has ended is asked for
        anew.
        """
        body = (
            resource
            if isinstance(resource, bytes)
            else None
            if resource is None
            else json.dumps(resource).encode()
        )
        given = {k.replace("_", "-"): v for k, v in headers.items()}
        given.setdefault("Content-Type", FHIR)
        where = path if path.startswith("/") else f"/fhir/{self.member}/{path}"
        where = quote(where, safe="/?&=%:|,$+*~;@!()'")
        for _ in range(2):
            reply = self.send(
                method,
                where,
                body,
                given | {"Authorization": f"Bearer {self.token or self.renew()}"},
            )
            if reply.status != 401:
                break
            self.token = ""
        return reply

    def renew(self) -> str:
        """Raises Unanswered where none is given now."""
        with self.lock:
            if not self.token:
                form = urlencode(
                    {
                        "grant_type": "client_credentials",
                        "client_id": self.credentials[0],
                        "client_secret": self.credentials[1],
                    }
                ).encode()
                reply = self.send(
                    "POST",
                    "/oauth/token",
                    form,
                    {"Content-Type": "application/x-www-form-urlencoded"},
                )
                if (found := judge(reply)) != GOOD:
                    if found == WRONG:
                        self.trace.object(
                            f"POST /oauth/token answered {reply.status}: {reply.body[:200]!r}"
                        )
                    raise Unanswered(found)
                self.token = reply.json["access_token"]
        return self.token


class Unanswered(Exception):
    """Of a token: away, or wrong (and noted)."""


NOT_ANSWERED = (OSError, http.client.HTTPException, Unanswered)


def judge(reply: Reply) -> str:
    """GOOD for 2xx, AWAY for 503 that says when to ask again; all else is WRONG, a 500 first of
    all.
    """
    if 200 <= reply.status < 300:
        return GOOD
    return (
        AWAY if reply.status == 503 and reply.headers.get("retry-after", "").isdecimal() else WRONG
    )


def code(moment: float | None = None) -> str:
    """The six digits of this half minute (RFC 6238)."""
    counter = struct.pack(">Q", int((time.time() if moment is None else moment) // 30))
    mac = hmac.digest(base64.b32decode(SECRET), counter, "sha1")
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"
