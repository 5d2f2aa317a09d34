"""What the environment may say: one table of names, each with what is understood, and what goes together. A value that is not understood stops the start."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from alliance.config import line
from alliance.config.mail import mail_server

Parser = Callable[[str], Any]
HOST = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
KEY = re.compile(r"[0-9a-fA-F]{64}")
WORD = re.compile(r"[a-z]+")
PORTS = {"http": 80, "https": 443}
SHOWN = 60  # characters of a wrong value that are repeated


class StartRefused(Exception):
    """Nothing starts: the text is one line that says why, and the mend."""


@dataclass(frozen=True, slots=True)
class Setting:
    """allowed: in words, for the refusal and the table in docs/how-to/configure.md. secret: a wrong value is not repeated."""

    name: str
    parse: Parser
    default: str
    allowed: str
    meaning: str
    shown: str = ""  # the default as the docs say it
    secret: bool = False

    def of(self, environment: Mapping[str, str]) -> Any:
        """Raises StartRefused."""
        said = environment.get(self.name)
        if said is None:
            return self.parse(self.default)
        try:
            return self.parse(said)
        except ValueError as error:
            repeated = "what is set (not repeated here, for it is secret)" if self.secret else repr(said[:SHOWN])
            why = f" ({error})" if str(error) and not self.secret else ""
            raise StartRefused(f"{self.name}: {repeated} is not understood{why}. Allowed: {self.allowed}.") from None


def switch(said: str) -> bool:
    if said not in ("0", "1"):
        raise ValueError
    return said == "1"


def whole(least: int, most: int) -> Parser:
    def parse(said: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", said) or not least <= int(said) <= most:
            raise ValueError
        return int(said)

    return parse


def hours(said: str) -> float:
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", said) or not 0.25 <= float(said) <= 12:
        raise ValueError
    return float(said)


def listed(one: Parser) -> Parser:
    """By commas, without blanks; nothing at all is an empty list."""

    def parse(said: str) -> list[Any]:
        for part in said.split(",") if said else []:
            if part != part.strip() or not part:
                raise ValueError(f"a blank in the list, at {part!r}")
        return [one(part) for part in said.split(",")] if said else []

    return parse


def host(said: str) -> str:
    """A name, an address, or .example.cn for all names below one."""
    inner = said[1:-1] if said.startswith("[") and said.endswith("]") else ""
    if (inner and ipaddress.ip_address(inner).version == 6) or HOST.fullmatch(said):
        return said
    raise ValueError(f"{said[:SHOWN]!r} is no host name")


def hosts(said: str) -> list[str]:
    if not said:
        raise ValueError
    found: list[str] = listed(host)(said)
    return found


def bind(said: str) -> str:
    return said if said == "localhost" else str(ipaddress.IPv4Address(said))


def origin(said: str) -> str:
    """scheme://host:port, the port always there."""
    parts = urlsplit(said)
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None or parts.path or parts.query or parts.fragment:
        raise ValueError(f"{said[:SHOWN]!r} is no origin")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        host(parts.hostname)
    else:
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise ValueError(f"nobody is told at {address}")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or PORTS[parts.scheme]}"


def address(said: str) -> str:
    """Of the site: an origin as it stands in links."""
    if said:
        origin(said)
    return said


def database(said: str) -> str:
    return line.taken(said) if said else said


def mail(said: str) -> str:
    if said:
        mail_server(said)
    return said


def sender(said: str) -> str:
    if said and "@" not in said:
        raise ValueError
    return said


def key(said: str) -> str:
    if said and not KEY.fullmatch(said):
        raise ValueError
    return said


def pairs(said: str) -> list[tuple[str, str]]:
    """name=value, by commas."""
    split = [part.partition("=") for part in said.split(",") if part]
    if not all(name and equals for name, equals, _ in split):
        raise ValueError
    return [(name, value) for name, _, value in split]


def word(said: str) -> str:
    if said and not WORD.fullmatch(said):
        raise ValueError
    return said


HEX = "64 hexadecimal digits"
LINES = "what libpq takes: postgresql://user:password@host:port/name, with ?… and with hosts by commas, or host=… dbname=… user=…, or service=…"
CORES = min(8, max(2, os.cpu_count() or 2))
KEYS = ("secret_key", "index_key", "audit_key", "body_key")
KEPT = "a file in `$XINGLIN_HOME/secrets`"
ROWS = (
    Setting("XINGLIN_HOME", str, "", "a folder",
            "all state: embedded PostgreSQL, secrets, logs; what this machine remembers of the audit log (`audit/`, `audit_keys.pem`). Back it up with `secrets/`", "`./var`"),
    Setting("DATABASE_URL", database, "", LINES,
            "PostgreSQL 15 or newer, as the owner of the tables, for `setup` and what runs beside the site. Of several hosts the one is taken that can be written to "
            "([lines](#lines-to-the-database))", "the embedded PostgreSQL", secret=True),
    Setting("DATABASE_WEB_URL", database, "", LINES,
            "what the web process connects as: role `xinglin_web`, which cannot change the audit log, and which row level security holds to what the gate has opened. An owner or superuser is "
            "refused. A pooler between them must keep a connection for a session", "all that `DATABASE_URL` says, with user `xinglin_web` and no password", secret=True),
    Setting("PORT", whole(1, 65535), "8000", "1 to 65535", "where the site listens"),
    Setting("XINGLIN_BIND", bind, "127.0.0.1", "an IPv4 address of this machine, 0.0.0.0, or localhost",
            "the address at which it listens. Every other than loopback needs `XINGLIN_HTTPS=1` and `XINGLIN_PROXIES`"),
    Setting("XINGLIN_HOSTS", hosts, "localhost,127.0.0.1,[::1]", "host names or addresses by commas, no blanks; .example.cn for all names below it; not *", "host names that are served", "localhost"),
    Setting("XINGLIN_PUBLIC_URL", address, "", "http://host:port or https://host:port, nothing after it", "absolute address in links", "from the request"),
    Setting("XINGLIN_MAIL", mail, "", "smtp://user:password@host:port?starttls=1, or smtps://…", "mail server for forgotten passwords ([accounts](accounts.md)); `smtps://` is TLS from the start. "
            "None: there is no page for it", "none", secret=True),
    Setting("XINGLIN_MAIL_FROM", sender, "", "an address such as xinglin@hospital.example", "the address that mail comes from", "the user in `XINGLIN_MAIL`"),
    Setting("XINGLIN_HTTPS", switch, "0", "0 or 1", "1 behind a TLS proxy that sends `X-Forwarded-Proto`: secure cookies, HSTS, and what comes without TLS is sent to `https://`"),
    Setting("XINGLIN_PROXIES", whole(0, 10), "0", "0 to 10",
            "how many proxies may name the caller's address (`X-Forwarded-For`), for the audit log and for counting wrong guesses alike. Too low: all who come through the proxy count as one "
            "address; too high: anybody names the address they like"),
    Setting("XINGLIN_DEMO", switch, "0", "0 or 1", "load the demo alliance, on this machine alone. Accounts that were made while it was on sign in only while it is on", "1 in make, else 0"),
    Setting("XINGLIN_WORKERS", whole(1, 64), str(CORES), "1 to 64", "gunicorn's workers", "cores (2 to 8)"),
    Setting("XINGLIN_THREADS", whole(1, 64), "8", "1 to 64", "threads of each; each keeps one database connection (`max_connections` of PostgreSQL must allow workers × threads, and 20 more)"),
    Setting("XINGLIN_MAX_BODY", whole(1 << 16, 1 << 30), str(1 << 26), "65536 to 1073741824", "largest request, in bytes", "64 MiB"),
    Setting("XINGLIN_MAX_ENTRIES", whole(1, 1_000_000), "20000", "1 to 1000000", "most entries in a Bundle"),
    Setting("XINGLIN_MAX_IMPORT", whole(1 << 16, 1 << 40), str(1 << 33), "65536 to 1099511627776", "largest upload to `$import`, in bytes as unpacked", "8 GiB"),
    Setting("XINGLIN_FIND_STAFF", whole(1, 10_000), "60", "1 to 10000",
            "searches an hour, for one of the staff, that find nobody of their own hospital (and three times as many strangers listed); own patients are found on"),
    Setting("XINGLIN_FIND_SYSTEM", whole(1, 10_000_000), "10000", "1 to 10000000", "the same for a hospital's system"),
    Setting("XINGLIN_STATEMENT_SECONDS", whole(1, 600), "60", "1 to 600", "how long the site lets PostgreSQL work on one question before it is refused as too costly"),
    Setting("XINGLIN_HOOKS", listed(origin), "", "origins such as https://his.example:8443 by commas, no blanks", "origins that subscriptions may be told at; nobody else is ever called", "none"),
    Setting("XINGLIN_TOKEN_SECONDS", whole(60, 3600), "3600", "60 to 3600", "life of a system's token (SMART Backend Services recommends 300)"),
    Setting("XINGLIN_IDLE_SECONDS", whole(60, 1800), "900", "60 to 1800 (GB/T 22239-2019 8.1.4.1 b; NIST SP 800-63B, AAL2)", "idle sessions end"),
    Setting("XINGLIN_SESSION_HOURS", hours, "12", "0.25 to 12 (NIST SP 800-63B, AAL2)", "every session ends after a working day, however busy it is"),
    Setting("XINGLIN_SECRET_KEY", key, "", HEX,
            "signs sessions, forms, patients' codes and the pages of searches, and keeps first passwords for the ten minutes in which they are shown", KEPT, secret=True),
    Setting("XINGLIN_INDEX_KEY", key, "", HEX, "keys the patient index's hashes; losing it loses matching", KEPT, secret=True),
    Setting("XINGLIN_AUDIT_KEY", key, "", HEX, "signs the audit log's tree heads; losing it loses proof", KEPT, secret=True),
    Setting("XINGLIN_BODY_KEY", key, "", HEX, "the master key that opens every record, second factor and scan ([keys and backups](keys.md)); **losing it loses the records**", KEPT, secret=True),
    Setting("XINGLIN_BODY_KEY_NEXT", key, "", HEX, "its successor, while it is changed", "none", secret=True),
)
# Set by the supervisor and by tests, not by people.
INSIDE = (
    Setting("XINGLIN_PROCESS", word, "", "web, worker, courier or sealer", "which part of the installation this process is"),
    Setting("XINGLIN_PG_OPTIONS", pairs, "", "name=value by commas", "settings of the embedded PostgreSQL"),
)
TABLE = {s.name: s for s in ROWS + INSIDE}
OF_TESTS = frozenset({"XINGLIN_INSIDERS", "XINGLIN_LEAKS", "XINGLIN_ORACLE", "XINGLIN_ORDERS", "XINGLIN_SEED"})  # how much, and what, the project's tests draw
MAY_BE_EMPTY = frozenset(s.name for s in TABLE.values() if not s.default and s.name.removeprefix("XINGLIN_").lower() not in (*KEYS, "body_key_next"))


def setting(name: str, environment: Mapping[str, str] = os.environ) -> Any:
    """One value. Raises StartRefused."""
    return TABLE[name].of(environment)


def check(environment: Mapping[str, str] = os.environ) -> int:
    """How many are set. Raises StartRefused for a name that nobody knows, a value that is not understood, and values that do not go together."""
    for name in sorted(n for n in environment if n.startswith("XINGLIN_")):
        if name not in TABLE and name not in OF_TESTS:
            raise StartRefused(f"{name} is no setting of this release, and nothing reads it: unset it. Those there are: docs/how-to/configure.md.")
    for name in TABLE:
        if environment.get(name) == "" and name not in MAY_BE_EMPTY:
            raise StartRefused(f"{name} is set to nothing: unset it, or give it a value. Allowed: {TABLE[name].allowed}.")
        setting(name, environment)
    together(environment)
    return sum(name in environment for name in TABLE)


def loopback(address: str) -> bool:
    return address == "localhost" or ipaddress.IPv4Address(address).is_loopback


def together(environment: Mapping[str, str]) -> None:
    """Raises StartRefused for what would put the site, or the demo, on a network unprotected."""
    at, https, proxies = (setting(n, environment) for n in ("XINGLIN_BIND", "XINGLIN_HTTPS", "XINGLIN_PROXIES"))
    public, outside = setting("XINGLIN_PUBLIC_URL", environment), not loopback(at)
    if setting("XINGLIN_DEMO", environment) and outside:
        raise StartRefused(f"XINGLIN_BIND={at}: the demo's passwords and second factor are published, so it is served on this machine alone. "
                           "Unset XINGLIN_BIND (127.0.0.1), or set XINGLIN_DEMO=0.")
    if outside and not (https and proxies):
        raise StartRefused(f"XINGLIN_BIND={at}: passwords and records would cross the network readable. Put a proxy that speaks TLS and sends X-Forwarded-Proto and X-Forwarded-For before it, "
                           "and say so: XINGLIN_HTTPS=1 and XINGLIN_PROXIES=1 (how many proxies); or unset XINGLIN_BIND (127.0.0.1).")
    if (server := setting("XINGLIN_MAIL", environment)) and "@" not in (setting("XINGLIN_MAIL_FROM", environment) or mail_server(server)[2]):
        raise StartRefused("XINGLIN_MAIL_FROM is not set, and the user in XINGLIN_MAIL is no address: set it to the address that mail comes from, such as xinglin@hospital.example.")
    if https and public.startswith("http://"):
        raise StartRefused(f"XINGLIN_PUBLIC_URL: {public!r} leads past TLS, and XINGLIN_HTTPS is 1. Begin it with https://.")


def table() -> list[str]:
    """As docs/how-to/configure.md holds it."""
    lines = ["| variable | default | allowed | what |", "|---|---|---|---|"]
    for s in ROWS:
        default = s.shown or s.default or "none"
        lines.append(f"| `{s.name}` | {default} | {s.allowed.replace('|', '/').replace('*', chr(92) + '*')} | {s.meaning} |")
    return lines
