"""Give a chunked body its length before Django sees it, which reads so many bytes as
Content-Length says, and none without one (RFC 9112 6.3, 7.1).

An upload to `$import` may be longer than anybody should store before its sender is known: it stays
a stream, and the door reads it from `wsgi.input`.
"""

import io
import tempfile
from collections.abc import Callable, Iterable
from typing import IO, Any

from django.conf import settings
from gunicorn.http.errors import (
    ChunkMissingTerminator,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)

from alliance.server.http_server.client_connection import IN_MEMORY, LARGE, STREAMED

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class ChunkedStream(io.RawIOBase):
    """Read the bytes of a chunked body; what is malformed raises OSError, as a broken connection
    does.
    """

    def __init__(self, body: Any) -> None:
        self.body = body

    def read(self, size: int = LARGE) -> bytes:
        try:
            return bytes(self.body.read(size))
        except ParseException as error:
            raise OSError(str(error)) from error


def measure_chunked_body(application: Application) -> Application:
    """Measure the body and set its length. Raises gunicorn's ParseException for one that is
    malformed or breaks off, which is answered before Django sees it.
    """

    def handle(environ: Environ, start_response: Any) -> Iterable[bytes]:
        coding = environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower()
        if coding and coding != "chunked":
            raise UnsupportedTransferCoding(coding)
        if coding and environ["PATH_INFO"].endswith(STREAMED):
            environ["wsgi.input"] = ChunkedStream(environ["wsgi.input"])
        elif coding:
            kept: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
            length = copy_body(environ["wsgi.input"], kept, environ.get("gunicorn.socket"))
            kept.seek(0)
            environ |= {"CONTENT_LENGTH": str(length), "wsgi.input": kept}
        return application(environ, start_response)

    return handle


def copy_body(body: Any, kept: IO[bytes], link: Any) -> int:
    """Copy the body; returns how many bytes it has; of one that is longer than any may be, one
    more than that: each interface refuses it in its own format.
    """
    most, length = int(settings.FHIR_MAX_BODY), 0
    if getattr(link, "cut", False):
        return most + 1
    try:
        while length <= most and (data := body.read(LARGE)):
            length += len(data)
            kept.write(data)
    except NoMoreData as error:
        raise ChunkMissingTerminator(b"") from error
    return length
