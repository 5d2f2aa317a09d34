"""A clinician's page beside loads of machines: alone, beside, alone again …, in one run, for
figures of different runs on shared machines cannot be compared.
"""

import http.client
import json
import multiprocessing as mp
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alliance.server.http_server.admission import LATELY
from tests.perf.installation import MEMBER, Installation
from tests.perf.load import Measured, Request, call, run, tell

PAUSE = 0.1  # seconds between two pages of the clinician
ROUNDS = 3


def shown(home: Installation, pages: list[Request], cookie: str, seconds: float) -> Measured:
    """One clinician who opens one page after the other."""
    link = http.client.HTTPConnection("127.0.0.1", home.port, timeout=600)
    times, bad, start = [], 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        before = time.perf_counter()
        bad += call(home.port, pages[len(times) % len(pages)], {"Cookie": cookie}, link)[0] >= 400
        times.append(1000 * (time.perf_counter() - before))
        time.sleep(PAUSE)
    return Measured(times, bad, time.perf_counter() - start)


def client(
    port: int, requests: list[Request], headers: dict[str, str], stop: Any, out: Any
) -> None:
    """A closed loop until it is told to stop; who is refused waits as it is asked to, at most a
    second.
    """
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    answered: dict[int, int] = {}
    while not stop.is_set():
        try:
            status, _, told = call(
                port, requests[sum(answered.values()) % len(requests)], headers, link
            )
        except (OSError, http.client.HTTPException):
            link.close()
            continue
        answered[status] = answered.get(status, 0) + 1
        if status in (429, 503):
            stop.wait(min(1.0, float(told.get("retry-after", 1))))
    out.put(answered)


@contextmanager
def busy(
    home: Installation, requests: list[Request], clients: int, told: dict[int, int]
) -> Iterator[None]:
    """So many clients of one member; `told` is how often each status was answered."""
    stop, out = mp.Event(), mp.Queue()  # type: Any, Any
    processes = [
        mp.Process(
            target=client,
            args=(home.port, requests[i::clients] or requests, home.headers, stop, out),
        )
        for i in range(clients)
    ]
    for p in processes:
        p.start()
    time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        for _ in processes:
            for status, many in out.get().items():
                told[status] = told.get(status, 0) + many
        for p in processes:
            p.join()


@contextmanager
def importing(home: Installation, body: bytes) -> Iterator[None]:
    """One $import after the other."""
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            link = home.ask("$import", body, **{"Content-Type": "application/fhir+ndjson"})[2][
                "content-location"
            ].split(f"/{MEMBER}/")[1]
            while home.ask(link)[0] == 202 and not stop.is_set():
                time.sleep(0.5)

    thread = threading.Thread(target=send)
    thread.start()
    time.sleep(2)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def beside(
    home: Installation,
    pages: list[Request],
    reads: list[Request],
    sifted: list[Request],
    body: bytes,
    seconds: float,
) -> None:
    cookie = home.clinician()
    shown(home, pages, cookie, 2)
    for name, load in {
        "64 busy clients of one member": lambda told: busy(home, reads, 64, told),
        "16 sifted searches": lambda told: busy(home, sifted, 16, told),
        "$import": lambda told: importing(home, body),
    }.items():
        alone, with_it, told = [], [], {}  # type: list[Measured], list[Measured], dict[int, int]
        for _ in range(ROUNDS):
            alone.append(shown(home, pages, cookie, seconds))
            with load(told):
                with_it.append(shown(home, pages, cookie, seconds))
        tell(
            f"record page beside {name}",
            **compared(alone, with_it),
            answered=json.dumps({str(k): v for k, v in sorted(told.items())}),
        )


def compared(alone: list[Measured], with_it: list[Measured]) -> dict[str, Any]:
    """Medians of the rounds."""

    def median(of: list[Measured], share: float) -> float:
        return round(statistics.median(m.at(share) for m in of), 1)

    out: dict[str, Any] = {
        f"{name}_p{int(100 * share)}_ms": median(of, share)
        for name, of in (("alone", alone), ("beside", with_it))
        for share in (0.5, 0.95)
    }
    return out | {
        "ratio_p50": round(out["beside_p50_ms"] / out["alone_p50_ms"], 2),
        "ratio_p95": round(out["beside_p95_ms"] / out["alone_p95_ms"], 2),
        "bad": sum(m.bad for m in with_it),
    }


def machines(home: Installation, reads: list[Request], clients: int, seconds: float) -> float:
    """Requests a second that they are answered, with nobody at a page."""
    time.sleep(LATELY)
    told: dict[int, int] = {}
    start = time.perf_counter()
    with busy(home, reads, clients, told):
        time.sleep(seconds)
    return round(told.get(200, 0) / (time.perf_counter() - start), 1)


def burst(home: Installation, many: int) -> None:
    """Writes that wait for their answer, and the same as pushes: how many are taken in a second,
    and until when they are done.
    """
    for name, headers in (("at once", {}), ("pushes", {"Prefer": "respond-async"})):
        sent: list[Request] = [
            (
                "PUT",
                f"/fhir/{MEMBER}/Basic/{name[:2]}{i}",
                json.dumps(
                    {"resourceType": "Basic", "id": f"{name[:2]}{i}", "code": {"text": "burst"}}
                ).encode(),
            )
            for i in range(many)
        ]
        start, taken = time.perf_counter(), run(home.port, sent, home.headers | headers, 8, 0)
        last = home.ask("Basic", b'{"resourceType": "Basic", "code": {"text": "last"}}', **headers)[
            2
        ].get("content-location", "")
        while last and home.ask(last.split(f"/{MEMBER}/")[1])[0] == 202:
            time.sleep(0.1)
        tell(
            f"a burst of {many} writes, {name}",
            accepted_per_s=round(many / taken.wall, 1),
            done_after_s=round(time.perf_counter() - start, 2),
            bad=taken.bad,
        )
