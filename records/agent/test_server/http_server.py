"""Serve over HTTP: read a request whole, answer it, break the line or be busy where ordered."""

from __future__ import annotations

import sys
import time
import zlib
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .addresses import Answer, Request
from .answer_request import answer_fault, answer_request
from .refusals import SyncFault
from .signed_log import begin_log
from .site import Site

LARGEST = 32 * 1024 * 1024  # bytes of a body, unpacked
JSON = "application/json; charset=utf-8"


class SyncServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there another program could take the port

    def __init__(self, site: Site, host: str, port: int) -> None:
        super().__init__((host, port), SyncHandler)
        self.site = site
        with site.database.transaction():
            begin_log(site)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class SyncHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "xinglin-agent-test-server"
    sys_version = ""
    timeout = 60
    server: SyncServer

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def serve(self) -> None:
        site, faults = self.server.site, self.server.site.faults
        try:
            request = self.read_request()
        except SyncFault as fault:
            self.close_connection = True
            self.send_answer(answer_fault(fault))
            return
        time.sleep(faults.delay / 1000)
        ordered = request.path.startswith("/sync/")
        if ordered and faults.draw() < faults.busy:
            answer = answer_fault(SyncFault("busy", seconds=1))
        else:
            answer = answer_request(site, request, f"http://{self.headers.get('Host', '')}")
            if ordered and faults.draw() < faults.lose:
                self.tell(request, answer, "answer lost")
                self.close_connection = True
                return
        self.tell(request, answer, answer.note)
        self.send_answer(answer)

    def read_request(self) -> Request:
        """Raises SyncFault."""
        body = self.read_body()
        address = urlsplit(self.path)
        packing = self.headers.get("Content-Encoding", "").strip().lower()
        if packing == "gzip":
            body = unpack(body)
        elif packing not in ("", "identity"):
            raise SyncFault("media", detail=packing[:40])
        return Request(
            self.command,
            address.path,
            dict(parse_qsl(address.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )

    def read_body(self) -> bytes:
        """As it was sent, whole. Raises SyncFault."""
        if self.headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
            return read_chunks(self.rfile)
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal():
            raise SyncFault("cut")
        if int(length) > LARGEST:
            raise SyncFault("bytes", most=LARGEST // 1048576)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise SyncFault("cut")
        return body

    def send_answer(self, answer: Answer) -> None:
        body = answer.body
        self.send_response_only(answer.status)
        self.send_header("Date", formatdate(self.server.site.now(), usegmt=True))
        self.send_header("Content-Type", answer.headers.pop("Content-Type", JSON))
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def tell(self, request: Request, answer: Answer, note: str) -> None:
        """A line for whoever watches: no values of records."""
        self.server.site.told(f"{answer.status} {request.method} {request.path} {note}".rstrip())

    def log_message(self, format: str, *arguments: Any) -> None:
        """`tell` says it."""


def read_chunks(file: BufferedIOBase) -> bytes:
    """RFC 9112 7.1; what follows the last chunk is not looked at. Raises SyncFault."""
    body = b""
    while True:
        try:
            size = int(file.readline(100).partition(b";")[0], 16)
        except ValueError as error:
            raise SyncFault("cut") from error
        if not 0 <= size <= LARGEST - len(body):
            raise SyncFault("bytes", most=LARGEST // 1048576)
        if not size:
            while file.readline(1000).strip():
                pass
            return body
        body += file.read(size)
        file.readline(2)


def unpack(data: bytes) -> bytes:
    """Raises SyncFault."""
    opened = zlib.decompressobj(wbits=31)
    try:
        found = opened.decompress(data, LARGEST + 1)
    except zlib.error as error:
        raise SyncFault("packed") from error
    if len(found) > LARGEST:
        raise SyncFault("bytes", most=LARGEST // 1048576)
    if not opened.eof or opened.unused_data:
        raise SyncFault("packed")
    return found
