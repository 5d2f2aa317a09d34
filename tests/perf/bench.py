"""make bench: Bundles import, read by id, patient+code search and the shared record page, at 1 and 8 clients, gate and audit on.

Starts an installation of its own in a temporary directory with durable commits. JSON lines on stdout, a table on stderr. Figures
are client-side; the load comes from this machine too, so compare only within one run.
"""

import datetime as dt
import http.client
import json
import multiprocessing as mp
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.perf.session import sign_in

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "120"))
PORT = int(os.environ.get("BENCH_PORT", "8177"))
DEMO_PASSWORD = "xinglin-demo-2026"  # as the README prints it
Request = tuple[str, str, bytes | None]


def call(connection: http.client.HTTPConnection, request: Request, headers: dict[str, str]) -> tuple[int, bytes]:
    connection.request(request[0], request[1], request[2], headers)
    response = connection.getresponse()
    return response.status, response.read()


def client(requests: list[Request], headers: dict[str, str], seconds: float, out: Any) -> None:
    """A closed loop on one connection: the whole list once when seconds is 0, else round and round."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    times, bad, start = [], 0, time.perf_counter()
    for i in range(len(requests) if not seconds else 10**9):
        before = time.perf_counter()
        status, _ = call(connection, requests[i % len(requests)], headers)
        times.append(time.perf_counter() - before)
        bad += status >= 400
        if seconds and time.perf_counter() - start > seconds:
            break
    out.put((times, bad))


def measure(name: str, requests: list[Request], headers: dict[str, str], clients: int, seconds: float, units: int = 0) -> None:
    out: Any = mp.Queue()
    parts = [requests[i::clients] for i in range(clients)]
    start = time.perf_counter()
    processes = [mp.Process(target=client, args=(part, headers, seconds, out)) for part in parts if part]
    for p in processes:
        p.start()
    found = [out.get() for _ in processes]
    wall = time.perf_counter() - start
    times = sorted(1000 * t for f in found for t in f[0])
    row = {"work": name, "clients": clients, "requests": len(times), "bad": sum(f[1] for f in found), "per_s": round((units or len(times)) / wall, 1),
           "unit": "resources" if units else "requests", "p50_ms": round(statistics.median(times), 2), "p95_ms": round(times[int(0.95 * (len(times) - 1))], 2)}
    print(json.dumps(row), flush=True)
    print(f"{name:34} {clients:2} clients {row['per_s']:9} {row['unit']}/s   p50 {row['p50_ms']:8} ms   p95 {row['p95_ms']:8} ms", file=sys.stderr)


def wait(ready: Callable[[], bool]) -> None:
    for _ in range(600):
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server did not come up")


def get(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    return call(http.client.HTTPConnection("127.0.0.1", PORT, timeout=30), ("GET", path, None), headers)


def main() -> None:
    from records.demo.people import people
    from records.demo.stories import bundle

    home = tempfile.mkdtemp(prefix="xinglin-bench-")
    os.chmod(home, 0o711)
    environment = {**os.environ, "XINGLIN_HOME": home, "XINGLIN_DEMO": "1", "PORT": str(PORT)}
    server = subprocess.Popen([sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: get("/readyz", {})[0] == 200 and (Path(home) / "demo-records").exists())
        made = json.loads(subprocess.check_output([sys.executable, "manage.py", "register_client", "--hospital", "nanqiao", "--name", "bench", "--secret"],
                                                  cwd=ROOT, env=environment))
        form = urllib.parse.urlencode({"grant_type": "client_credentials", **made}).encode()
        token = json.loads(call(http.client.HTTPConnection("127.0.0.1", PORT), ("POST", "/oauth/token", form), {"Content-Type": "application/x-www-form-urlencoded"})[1])
        headers = {"Authorization": f"Bearer {token['access_token']}", "Content-Type": "application/fhir+json"}
        invented = [replace(p, key=f"bench-{i:04d}", number=p.number) for i, p in enumerate(people(PEOPLE * 2))]
        bundles = [bundle(p, "nanqiao", dt.date(2026, 11, 1)) for p in invented]
        for clients, part in ((1, bundles[:PEOPLE]), (8, bundles[PEOPLE:])):
            sent: list[Request] = [("POST", "/fhir/nanqiao/", json.dumps(b).encode()) for b in part]
            measure("transaction Bundles", sent, headers, clients, 0, sum(len(b["entry"]) for b in part))
        rng = random.Random(1)
        ids = [f"{e['resource']['resourceType']}/{e['resource']['id']}" for b in bundles for e in b["entry"]]
        codes = [(p.key, e["resource"]["code"]["coding"][0]["code"]) for p, b in zip(invented, bundles, strict=True) for e in b["entry"]
                 if e["resource"]["resourceType"] == "Observation"]
        reads: list[Request] = [("GET", f"/fhir/nanqiao/{i}", None) for i in rng.sample(ids, 2000)]
        searches: list[Request] = [("GET", f"/fhir/nanqiao/Observation?patient=Patient/{k}&code=http://loinc.org|{c}&_sort=-date&_count=50", None) for k, c in rng.sample(codes, 1000)]
        cookie = sign_in(f"http://127.0.0.1:{PORT}", "lin", DEMO_PASSWORD, subprocess.check_output(
            [sys.executable, "manage.py", "demo_code"], cwd=ROOT, env=environment, text=True).strip())
        pages: list[Request] = []
        for p in rng.sample(invented, 40):
            found = json.loads(get(f"/fhir/alliance/Patient?identifier={p.number}", headers)[1])
            pages.append(("GET", f"/person/{found['entry'][0]['resource']['id']}/", None))
        for clients in (1, 8):
            measure("shared record page", pages, {"Cookie": cookie}, clients, SECONDS)
            measure("read by id", reads, headers, clients, SECONDS)
            measure("Observation by patient and code", searches, headers, clients, SECONDS)
        print(f"{len(ids)} resources of {len(bundles)} patients beside the demo's", file=sys.stderr)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
