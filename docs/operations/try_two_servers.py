#!/usr/bin/env python3
"""Try what two-servers.md says, on this machine's loopback: etcd, two Patroni nodes, two sites,
nginx with TLS, load. Then one event after the other, and what callers saw of each.

Needs root, and of Debian: postgresql-15 patroni etcd-server pgbackrest nginx openssl; the release's
own environment (.venv). Takes ports 18150 to 18159 and a folder below /tmp, both its own, and ends
only what it started. About ten minutes. python3 docs/operations/try_two_servers.py [--keep]
"""

import base64
import http.client
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv/bin/python"
BIN = Path("/usr/lib/postgresql/15/bin")
NEEDED = {
    "etcd": "etcd-server",
    "patroni": "patroni",
    "patronictl": "patroni",
    "pgbackrest": "pgbackrest",
    "nginx": "nginx",
    "openssl": "openssl",
    str(BIN / "postgres"): "postgresql-15",
}
FRONT, SITES, DATABASES, API, ETCD, PEERS, RESTORED = (
    18150,
    (18151, 18152),
    (18153, 18154),
    (18155, 18156),
    18157,
    18158,
    18159,
)
PASSWORD = {
    who: secrets.token_hex(16)
    for who in ("postgres", "replicator", "rewinder", "xinglin", "xinglin_web")
}
GOOD = {200, 201}
WRITERS, READERS, PAUSE, LIMIT = 3, 3, 0.05, 30


def say(*words: object) -> None:
    print(time.strftime("%H:%M:%S"), *words, flush=True)


def until(true, what: str, seconds: float = 240) -> float:
    """Seconds that it took. Raises TimeoutError."""
    begun = time.monotonic()
    while True:
        with suppress(OSError, ValueError, subprocess.CalledProcessError, KeyError):
            if true():
                return time.monotonic() - begun
        if time.monotonic() - begun > seconds:
            raise TimeoutError(what)
        time.sleep(0.2)


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def send(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Pair:
    """The two nodes, and what stands before them. Everything lies below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.postgres = folder, pwd.getpwnam("postgres")
        folder.chmod(0o755)
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.secrets = {
            name: secrets.token_hex(32)
            for name in ("secret_key", "index_key", "audit_key", "body_key")
        }

    def run(
        self, name: str, *command: object, account: str = "", env: dict[str, str] | None = None
    ) -> None:
        as_ = (
            {"user": self.postgres.pw_uid, "group": self.postgres.pw_gid, "extra_groups": []}
            if account
            else {}
        )
        log = (self.folder / f"{name}.log").open("ab")
        self.started[name] = subprocess.Popen(
            [str(c) for c in command],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=ROOT if not account else "/",
            env={**os.environ, **(env or {})},
            start_new_session=True,
            **as_,
        )

    def do(self, *command: object, account: str = "", env: dict[str, str] | None = None) -> str:
        as_ = (
            {"user": self.postgres.pw_uid, "group": self.postgres.pw_gid, "extra_groups": []}
            if account
            else {}
        )
        done = subprocess.run(
            [str(c) for c in command],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT if not account else "/",
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            **as_,
        )
        if done.returncode:
            sys.stderr.write(f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}\n")
            done.check_returncode()
        return done.stdout

    def own(self, path: Path) -> Path:
        os.chown(path, self.postgres.pw_uid, self.postgres.pw_gid)
        return path

    # The database: the shipped patroni.yml and pgbackrest.conf with addresses, ports and passwords
    # filled in.

    def configure(self) -> None:
        backups = self.own(Path(tempfile.mkdtemp(dir=self.folder, prefix="repo-")))
        for i in (0, 1):
            home = self.folder / f"db{i + 1}"
            home.mkdir()
            self.own(home)
            conf = (
                (ROOT / "docs/operations/pgbackrest.conf")
                .read_text()
                .replace("/var/backups/pgbackrest", str(backups))
                .replace("A_LONG_RANDOM_ONE", "x" * 40)
            )
            conf = (
                conf.replace("/var/lib/postgresql/xinglin", str(home / "data"))
                .replace("pg1-port=5432", f"pg1-port={DATABASES[i]}")
                .replace("/var/run/postgresql", str(home))
            )
            (home / "pgbackrest.conf").write_text(
                conf.replace(
                    "[global]\n", f"[global]\nlock-path={home}/lock\nspool-path={home}/spool\n"
                )
            )
            text = (ROOT / "docs/operations/patroni.yml").read_text()
            for old, new in (
                (f"{'HERE'}:8008", f"127.0.0.1:{API[i]}"),
                ("HERE:5432", f"127.0.0.1:{DATABASES[i]}"),
                ("name: NAME", f"name: db{i + 1}"),
                ("A:2379,B:2379,C:2379", f"127.0.0.1:{ETCD}"),
                ("/var/lib/postgresql/xinglin", str(home / "data")),
                ("/var/lib/postgresql/.pgpass.patroni", str(home / "pgpass")),
                ("/var/run/postgresql", str(home)),
                ("pgbackrest --stanza", f"pgbackrest --config={home}/pgbackrest.conf --stanza"),
                ("PASSWORD_OF_POSTGRES", PASSWORD["postgres"]),
                ("PASSWORD_OF_REPLICATOR", PASSWORD["replicator"]),
                ("PASSWORD_OF_REWINDER", PASSWORD["rewinder"]),
                ("A/32", "127.0.0.1/32"),
                ("B/32", "127.0.0.1/32"),
                ("C/32", "127.0.0.1/32"),
            ):
                text = text.replace(old, new)
            (home / "patroni.yml").write_text(text)
            for path in home.glob("*.*"):
                self.own(path).chmod(0o600)

    def start_node(self, i: int) -> None:
        self.run(
            f"patroni{i}", "patroni", self.folder / f"db{i + 1}/patroni.yml", account="postgres"
        )

    def members(self) -> dict[str, dict]:
        for port in API:
            with suppress(OSError, ValueError):
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/cluster", timeout=3
                ) as answer:
                    return {m["name"]: m for m in json.load(answer)["members"]}
        return {}

    def primary(self) -> int:
        """0 or 1. Raises KeyError where there is none."""
        for name, member in self.members().items():
            if member["role"] in ("leader", "primary", "master") and member["state"] == "running":
                return int(name[-1]) - 1
        raise KeyError("no primary")

    def whole(self) -> bool:
        """A primary, and a copy that commits wait for."""
        members = self.members().values()
        return sorted(m["role"] for m in members if m["state"] in ("running", "streaming")) in (
            ["leader", "sync_standby"],
            ["primary", "sync_standby"],
        )

    def sql(
        self, query: str, port: int = 0, user: str = "postgres", database: str = "xinglin"
    ) -> str:
        port = port or DATABASES[self.primary()]
        return self.do(
            BIN / "psql",
            "-h",
            "127.0.0.1",
            "-p",
            port,
            "-U",
            user,
            "-d",
            database,
            "-AtXq",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            query,
            env={"PGPASSWORD": PASSWORD[user]},
        ).strip()

    def backrest(self, *words: str, node: int | None = None) -> str:
        i = self.primary() if node is None else node
        return self.do(
            "pgbackrest",
            f"--config={self.folder}/db{i + 1}/pgbackrest.conf",
            "--stanza=xinglin",
            *words,
            account="postgres",
        )

    # The site.

    def site_environment(self, i: int) -> dict[str, str]:
        hosts = ",".join(f"127.0.0.1:{p}" for p in DATABASES)
        keys = {f"XINGLIN_{name.upper()}": value for name, value in self.secrets.items()}
        return {
            "XINGLIN_HOME": str(self.folder / f"home{i + 1}"),
            "PORT": str(SITES[i]),
            "XINGLIN_DEMO": "1",
            "XINGLIN_WORKERS": "1",
            "XINGLIN_THREADS": "6",
            "XINGLIN_HTTPS": "1",
            "XINGLIN_PROXIES": "1",
            "DATABASE_URL": f"postgresql://xinglin:{PASSWORD['xinglin']}@{hosts}/xinglin",
            "DATABASE_WEB_URL": (
                f"postgresql://xinglin_web:{PASSWORD['xinglin_web']}@{hosts}/xinglin"
            ),
            **keys,
        }

    def start_site(self, i: int) -> None:
        self.run(f"site{i}", PYTHON, ROOT / "manage.py", "serve", env=self.site_environment(i))

    def site_ready(self, i: int) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{SITES[i]}/readyz", timeout=10) as answer:
            return answer.status == 200

    def manage(self, *words: str) -> str:
        return self.do(PYTHON, ROOT / "manage.py", *words, env=self.site_environment(0))

    def start_front(self) -> None:
        key, crt = self.folder / "xinglin.key", self.folder / "xinglin.crt"
        self.do(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
            key,
            "-out",
            crt,
        )
        upstream = (
            (ROOT / "docs/operations/nginx-upstream.conf")
            .read_text()
            .replace("10.0.0.1:8000", f"127.0.0.1:{SITES[0]}")
            .replace("10.0.0.2:8000", f"127.0.0.1:{SITES[1]}")
        )
        site = (ROOT / "docs/how-to/nginx.conf").read_text()
        before, _, rest = site.partition("upstream xinglin {")
        site = before + upstream + rest.partition("}\n")[2]
        site = (
            site.replace("/etc/nginx/", f"{self.folder}/")
            .replace("listen 443 ssl http2;", f"listen 127.0.0.1:{FRONT} ssl;")
            .replace("listen 80;", f"listen unix:{self.folder}/80.sock;")
        )
        (self.folder / "site.conf").write_text(
            site.replace("xinglin.hospital.example", "localhost")
        )
        temporary = " ".join(
            f"{kind}_temp_path {self.folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        frame = (
            f"daemon off; user root; pid {self.folder}/nginx.pid; error_log"
            f" {self.folder}/nginx-error.log; events {{ worker_connections 1024; }}"
        )
        (self.folder / "nginx.conf").write_text(
            f"{frame} http {{ access_log off; {temporary} include {self.folder}/site.conf; }}"
        )
        self.run("nginx", "nginx", "-p", self.folder, "-c", self.folder / "nginx.conf")

    def stop(self) -> None:
        for name in sorted(
            self.started, key=lambda n: ("nginx" in n, "site" in n, "patroni" in n), reverse=True
        ):
            process = self.started[name]
            if process.poll() is None:
                send(tree(process.pid), signal.SIGCONT)
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    send(tree(process.pid), signal.SIGKILL)
                    process.wait(30)


class Load:
    """Writers put Observations, and keep the id of each that was acknowledged; readers get them.
    Every request is (begun, seconds, kind, status or name of the error).
    """

    def __init__(self, token: str) -> None:
        self.token, self.seen, self.acknowledged, self.over = token, [], [], threading.Event()
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        self.threads = [
            threading.Thread(target=self.loop, args=(kind, i), daemon=True)
            for kind, count in (("write", WRITERS), ("read", READERS))
            for i in range(count)
        ]
        for thread in self.threads:
            thread.start()

    def loop(self, kind: str, i: int) -> None:
        line, n = None, 0
        while not self.over.is_set():
            begun, n = time.monotonic(), n + 1
            try:
                line = line or http.client.HTTPSConnection(
                    "127.0.0.1", FRONT, timeout=LIMIT, context=self.tls
                )
                status: object = self.ask(line, kind, f"t{kind[0]}{i}-{n}")
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
                if line:
                    line.close()
                line = None
            self.seen.append((begun, time.monotonic() - begun, kind, status))
            time.sleep(PAUSE)

    def ask(self, line: http.client.HTTPSConnection, kind: str, name: str) -> int:
        head = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/fhir+json",
            "Host": "localhost",
        }
        if kind == "read" and self.acknowledged:
            line.request(
                "GET", f"/fhir/donghu/Observation/{random.choice(self.acknowledged)}", headers=head
            )
        else:
            body = {
                "resourceType": "Observation",
                "id": name,
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
                "subject": {"reference": "Patient/demo-001"},
                "effectiveDateTime": "2026-11-01T08:00:00+08:00",
            }
            line.request("PUT", f"/fhir/donghu/Observation/{name}", json.dumps(body), head)
        answer = line.getresponse()
        answer.read()
        if answer.status in GOOD and kind == "write":
            self.acknowledged.append(name)
        return answer.status

    def since(self, begun: float) -> str:
        """What callers saw of an event that began at `begun`."""
        seen = [s for s in self.seen if s[0] + s[1] >= begun]
        bad = [s for s in seen if s[3] not in GOOD]
        told = (
            f"{len(seen)} requests, {len(bad)} failed"
            f" {dict(Counter(str(s[3]) for s in bad)) or ''}, longest"
            f" {max((s[1] for s in seen), default=0):.2f} s"
        )
        if bad:
            told += (
                f"; failures from {min(s[0] for s in bad) - begun:.1f} to"
                f" {max(s[0] + s[1] for s in bad) - begun:.1f} s after it"
            )
        gap, last = 0.0, begun
        for end in sorted(s[0] + s[1] for s in seen if s[2] == "write" and s[3] in GOOD):
            gap, last = max(gap, end - last), end
        return f"{told}; longest time without an acknowledged write {gap:.1f} s"

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(LIMIT + 5)


def token(pair: Pair) -> str:
    told = json.loads(
        pair.manage(
            "register_client", "--hospital", "donghu", "--name", "try", "--secret"
        ).splitlines()[-1]
    )
    basic = base64.b64encode(f"{told['client_id']}:{told['client_secret']}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{SITES[0]}/oauth/token",
        urllib.parse.urlencode({"grant_type": "client_credentials"}).encode(),
        {"Authorization": f"Basic {basic}", "X-Forwarded-Proto": "https"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["access_token"])


def events(pair: Pair, load: Load) -> None:
    def node(i: int) -> list[int]:
        return tree(pair.started[f"patroni{i}"].pid) + [
            p for top in pair_postgres(pair, i) for p in tree(top)
        ]

    def planned() -> None:
        before = pair.primary()
        pair.do(
            "patronictl",
            "-c",
            pair.folder / "db1/patroni.yml",
            "switchover",
            "xinglin",
            "--master",
            f"db{before + 1}",
            "--candidate",
            f"db{2 - before}",
            "--force",
            account="postgres",
        )

    def crash() -> None:
        send([p for top in pair_postgres(pair, pair.primary()) for p in tree(top)], signal.SIGKILL)

    def lost() -> None:
        i = pair.primary()
        send(node(i), signal.SIGKILL)
        pair.started[f"patroni{i}"].wait(30)
        time.sleep(45)
        pair.start_node(i)

    def frozen() -> None:
        i = pair.primary()
        stopped = node(i)
        send(stopped, signal.SIGSTOP)
        time.sleep(45)
        send(stopped, signal.SIGCONT)

    def rolling() -> None:
        for i in (0, 1):
            pair.started[f"site{i}"].send_signal(signal.SIGINT)
            pair.started[f"site{i}"].wait(120)
            pair.start_site(i)
            until(lambda i=i: pair.site_ready(i), f"site {i} is back")

    def killed() -> None:
        send(tree(pair.started["site0"].pid), signal.SIGKILL)
        pair.started["site0"].wait(30)
        time.sleep(10)
        pair.start_site(0)
        until(lambda: pair.site_ready(0), "the site is back")

    for name, event in (
        ("planned switchover", planned),
        ("kill -9 of the primary's postgres", crash),
        ("kill -9 of a whole database node", lost),
        ("a whole database node frozen for 45 s", frozen),
        ("both sites stopped and started, one after the other", rolling),
        ("kill -9 of a whole site", killed),
    ):
        until(pair.whole, "primary and synchronous copy stand")
        time.sleep(5)
        begun = time.monotonic()
        event()
        time.sleep(6)  # until it has been noticed
        until(pair.whole, "primary and synchronous copy stand again", 300)
        time.sleep(8)
        say(
            f"{name}: {load.since(begun)}; whole again after {time.monotonic() - begun - 8:.0f} s;"
            f" primary db{pair.primary() + 1}"
        )


def pair_postgres(pair: Pair, i: int) -> list[int]:
    """The postmaster of a node: Patroni starts it as a process of its own."""
    with suppress(OSError, ValueError):
        return [int((pair.folder / f"db{i + 1}/data/postmaster.pid").read_text().split()[0])]
    return []


def restore(pair: Pair, load: Load) -> None:
    """To a moment between two writes, into a new folder: what was acknowledged before is there,
    and nothing that came after.
    """
    pair.backrest("backup", "--type=incr")
    time.sleep(2)
    before, target = list(load.acknowledged), pair.sql("SELECT clock_timestamp()")
    time.sleep(3)
    load.stop()
    late = set(
        load.acknowledged[len(before) + WRITERS * 2 :]
    )  # those under way at that moment may be on either side of it
    pair.sql("SELECT pg_switch_wal()")
    begun = time.monotonic()
    new = pair.own(Path(tempfile.mkdtemp(dir=pair.folder, prefix="restored-")))
    pair.backrest(
        "restore",
        f"--pg1-path={new}",
        "--type=time",
        f"--target={target}",
        "--target-action=promote",
    )
    options = (
        f"-p {RESTORED} -c archive_mode=off -c unix_socket_directories={new} -c"
        " synchronous_standby_names=''"
    )
    pair.do(
        BIN / "pg_ctl",
        "-D",
        new,
        "-w",
        "-t",
        "120",
        "-l",
        new / "log",
        "-o",
        options,
        "start",
        account="postgres",
    )
    until(
        lambda: pair.sql("SELECT pg_is_in_recovery()", RESTORED) == "f",
        "the restored server is open",
    )
    there = set(
        pair.sql("SELECT fhir_id FROM record_resource WHERE fhir_id LIKE 't%-%'", RESTORED).split()
    )
    sure = set(before[: -WRITERS * 2])
    say(
        f"restore to {target}: {time.monotonic() - begun:.1f} s; of {len(sure)} acknowledged before"
        f" it {len(sure - there)} are missing; of {len(late)} that came after {len(there & late)}"
        " are there"
    )
    pair.do(BIN / "pg_ctl", "-D", new, "-m", "fast", "-w", "stop", account="postgres")


def main() -> int:
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if missing or os.geteuid():
        absent = f"these packages are not installed: {' '.join(missing)}"
        print(f"Skipped: {'needs root' if os.geteuid() else absent}")
        return 77
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _: sys.exit(128 + n))  # what was started is ended
    pair = Pair(Path(tempfile.mkdtemp(prefix="xinglin-two-")))
    say("all lies in", pair.folder)
    try:
        pair.configure()
        pair.run(
            "etcd",
            "etcd",
            "--data-dir",
            pair.folder / "etcd",
            "--listen-client-urls",
            f"http://127.0.0.1:{ETCD}",
            "--advertise-client-urls",
            f"http://127.0.0.1:{ETCD}",
            "--listen-peer-urls",
            f"http://127.0.0.1:{PEERS}",
            "--initial-advertise-peer-urls",
            f"http://127.0.0.1:{PEERS}",
            "--initial-cluster",
            f"default=http://127.0.0.1:{PEERS}",
        )
        pair.start_node(0)
        until(lambda: pair.primary() == 0, "db1 is primary")
        pair.start_node(1)
        until(pair.whole, "db2 is its synchronous copy")
        for role in ("xinglin", "xinglin_web"):
            pair.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD[role]}'", database="postgres")
        pair.sql("CREATE ROLE xinglin_shared", database="postgres")
        pair.sql("CREATE DATABASE xinglin OWNER xinglin", database="postgres")
        pair.sql("ALTER ROLE xinglin SUPERUSER")
        pair.manage("setup")
        pair.sql("ALTER ROLE xinglin NOSUPERUSER")
        pair.backrest("stanza-create")
        pair.backrest("backup", "--type=full")
        for i in (0, 1):
            pair.start_site(i)
            say(
                f"site {i + 1} ready after"
                f" {until(lambda i=i: pair.site_ready(i), f'site {i + 1}'):.0f} s"
            )
            until(
                lambda: (pair.folder / "home1/demo-records").exists(),
                "the demo's records are there",
                400,
            )
        pair.start_front()
        load = Load(token(pair))
        time.sleep(10)
        say("before any event:", load.since(load.seen[0][0]))
        events(pair, load)
        acknowledged = set(
            load.acknowledged
        )  # before the question: what comes while it is asked is not in its answer
        stored = set(
            pair.sql("SELECT fhir_id FROM record_resource WHERE fhir_id LIKE 't%-%'").split()
        )
        say(
            f"acknowledged {len(acknowledged)}, lost {len(acknowledged - stored)}:"
            f" {sorted(acknowledged - stored)[:5]}"
        )
        restore(pair, load)
        say("audit_verify:", pair.manage("audit_verify").strip().splitlines()[-1])
    finally:
        pair.stop()
        if "--keep" not in sys.argv:
            shutil.rmtree(pair.folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
