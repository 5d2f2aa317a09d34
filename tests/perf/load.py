"""The load: closed loops of requests over keep-alive connections, one process a client, and what
they measured.
"""

import http.client
import json
import multiprocessing as mp
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

Request = tuple[str, str, bytes | None]


@dataclass(frozen=True)
class Measured:
    """times in ms, of requests that were answered; bad: answers of 400 and more."""

    times: list[float]
    bad: int
    wall: float

    def at(self, share: float) -> float:
        return round(sorted(self.times)[int(share * (len(self.times) - 1))], 2)


def call(
    port: int,
    request: Request,
    headers: dict[str, str],
    connection: http.client.HTTPConnection | None = None,
) -> tuple[int, bytes, dict[str, str]]:
    link = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    link.request(request[0], request[1], request[2], headers)
    response = link.getresponse()
    return response.status, response.read(), {k.lower(): v for k, v in response.getheaders()}


def client(
    port: int, requests: list[Request], headers: dict[str, str], seconds: float, out: Any
) -> None:
    """A closed loop on one connection: the whole list once when seconds is 0, else round and
    round.
    """
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    times, bad, start = [], 0, time.perf_counter()
    for i in range(len(requests) if not seconds else 10**9):
        before = time.perf_counter()
        status, _, _ = call(port, requests[i % len(requests)], headers, link)
        times.append(1000 * (time.perf_counter() - before))
        bad += status >= 400
        if seconds and time.perf_counter() - start > seconds:
            break
    out.put((times, bad))


def run(
    port: int, requests: list[Request], headers: dict[str, str], clients: int, seconds: float
) -> Measured:
    out: Any = mp.Queue()
    if seconds and len(requests) < clients:
        requests = requests * clients
    start = time.perf_counter()
    processes = [
        mp.Process(target=client, args=(port, part, headers, seconds, out))
        for i in range(clients)
        if (part := requests[i::clients])
    ]
    for p in processes:
        p.start()
    found = [out.get() for _ in processes]
    return Measured(
        [t for f in found for t in f[0]], sum(f[1] for f in found), time.perf_counter() - start
    )


Asked = tuple[int, Request, dict[str, str]]  # port, request, headers


def by_turns(asked: list[Asked], seconds: float) -> list[Measured]:
    """One after the other, for so long, on one connection to each port: figures that are
    compared are taken side by side. The first ten rounds only warm up.
    """
    links = {
        port: http.client.HTTPConnection("127.0.0.1", port, timeout=600) for port, _, _ in asked
    }
    times: list[list[float]] = [[] for _ in asked]
    bad, start = [0] * len(asked), time.perf_counter()
    while time.perf_counter() - start < seconds or len(times[0]) < 30:
        for i, (port, request, headers) in enumerate(asked):
            before = time.perf_counter()
            bad[i] += call(port, request, headers, links[port])[0] >= 400
            times[i].append(1000 * (time.perf_counter() - before))
    return [
        Measured(t[10:], b, time.perf_counter() - start) for t, b in zip(times, bad, strict=True)
    ]


def report(work: str, clients: int, m: Measured, units: int = 0) -> None:
    row = {
        "work": work,
        "clients": clients,
        "requests": len(m.times),
        "bad": m.bad,
        "per_s": round((units or len(m.times)) / m.wall, 1),
        "unit": "resources" if units else "requests",
        "p50_ms": round(statistics.median(m.times), 2),
        "p95_ms": m.at(0.95),
        "p99_ms": m.at(0.99),
    }
    print(json.dumps(row), flush=True)
    print(
        f"{work:44} {clients:2} clients {row['per_s']:9} {row['unit']}/s   p50 {row['p50_ms']:8} ms"
        f"   p95 {row['p95_ms']:8} ms   p99 {row['p99_ms']:8} ms"
        + (f"   {m.bad} bad" if m.bad else ""),
        file=sys.stderr,
    )


def tell(work: str, **figures: Any) -> None:
    """A figure that is no rate."""
    print(json.dumps({"work": work, **figures}), flush=True)
    print(f"{work:44} " + "   ".join(f"{k} {v}" for k, v in figures.items()), file=sys.stderr)
