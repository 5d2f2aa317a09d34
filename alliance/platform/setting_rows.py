"""List every setting, one row each; docs/how-to/configure.md is printed from these."""

import os

from alliance.platform.backup_settings import BACKUP_SETTINGS
from alliance.platform.hour_settings import HOUR_SETTINGS
from alliance.platform.internal_settings import INTERNAL_SETTINGS
from alliance.platform.setting import Setting
from alliance.platform.setting_parsers import (
    STATEMENT_SECONDS,
    choice_parser,
    integer_parser,
    list_parser,
    parse_absolute_path,
    parse_bearer_token,
    parse_bind_address,
    parse_database_url,
    parse_hosts,
    parse_key,
    parse_mail_setting,
    parse_network,
    parse_origin_setting,
    parse_sender,
    parse_site_url,
    parse_statement_seconds,
    parse_switch,
)
from alliance.platform.sync_settings import SYNC_SETTINGS

KEY_FORMAT = "64 hexadecimal digits"
LINES = (
    "what libpq takes: postgresql://user:password@host:port/name, with ?… and with hosts by commas,"
    " or host=… dbname=… user=…, or service=…"
)
CORES = min(8, max(2, os.cpu_count() or 2))
KEY_NAMES = ("secret_key", "index_key", "audit_key", "body_key")
KEPT = "a file in `$XINGLIN_HOME/secrets`"
PUBLIC_SETTINGS = (
    Setting(
        "XINGLIN_HOME",
        parse_absolute_path,
        "",
        "a folder, from / on",
        "all state: embedded PostgreSQL, secrets; what this machine remembers of the audit log"
        " (`audit/`, `audit_keys.pem`). Back it up with `secrets/`",
        "`./var`",
    ),
    Setting(
        "DATABASE_URL",
        parse_database_url,
        "",
        LINES,
        "PostgreSQL 15 or newer, as the owner of the tables, for `setup` and what runs beside the"
        " site. Of several hosts the one is taken that can be written to"
        " ([lines](#lines-to-the-database))",
        "the embedded PostgreSQL",
        secret=True,
    ),
    Setting(
        "DATABASE_WEB_URL",
        parse_database_url,
        "",
        LINES,
        "what the web process connects as: role `xinglin_web`, which cannot change the audit log,"
        " and which row level security holds to what the gate has opened. An owner or superuser is"
        " refused. A pooler between them must keep a connection for a session",
        "all that `DATABASE_URL` says, with user `xinglin_web` and no password",
        secret=True,
    ),
    Setting(
        "DATABASE_BACKUP_URL",
        parse_database_url,
        "",
        LINES,
        "what backups connect as: a role with `REPLICATION` (`CREATE ROLE xinglin_backup LOGIN"
        " REPLICATION PASSWORD '…'`, and a line `replication` for it in `pg_hba.conf`), straight to"
        " the server, past every pooler ([backup](backup.md))",
        "all that `DATABASE_URL` says",
        secret=True,
    ),
    Setting(
        "XINGLIN_ROW_SECURITY",
        parse_switch,
        "1",
        "0 or 1",
        "0: the site also starts where row level security does not stand, on a server where nobody"
        " may be a superuser; then the gate's own tests stand alone"
        " ([decision 22](../adr/0022-two-walls.md))",
    ),
    Setting("PORT", integer_parser(1, 65535), "8000", "1 to 65535", "where the site listens"),
    Setting(
        "XINGLIN_BIND",
        parse_bind_address,
        "127.0.0.1",
        "an IPv4 address of this machine, 0.0.0.0, or localhost",
        "the address at which it listens. Every other than loopback needs `XINGLIN_HTTPS=1` and"
        " `XINGLIN_PROXIES`",
    ),
    Setting(
        "XINGLIN_HOSTS",
        parse_hosts,
        "localhost,127.0.0.1,[::1]",
        "host names or addresses by commas, no blanks; .example.cn for all names below it; not *",
        "host names that are served",
        "localhost",
    ),
    Setting(
        "XINGLIN_PUBLIC_URL",
        parse_site_url,
        "",
        "http://host:port or https://host:port, nothing after it",
        "absolute address in links. Every other than loopback, and every https://, needs"
        " `XINGLIN_HTTPS=1`",
        "from the request",
    ),
    Setting(
        "XINGLIN_MAIL",
        parse_mail_setting,
        "",
        "smtp://user:password@host:port?starttls=1 (or 0), or smtps://…, nothing after it",
        "mail server for forgotten passwords ([accounts](accounts.md)); `smtps://` is TLS from the"
        " start. None: there is no page for it",
        "none",
        secret=True,
    ),
    Setting(
        "XINGLIN_MAIL_FROM",
        parse_sender,
        "",
        "an address such as xinglin@hospital.example",
        "the address that mail comes from",
        "the user in `XINGLIN_MAIL`",
    ),
    Setting(
        "XINGLIN_HTTPS",
        parse_switch,
        "0",
        "0 or 1",
        "1 behind a TLS proxy that sends `X-Forwarded-Proto`: secure cookies, HSTS, and what comes"
        " without TLS is sent to `https://`",
    ),
    Setting(
        "XINGLIN_PROXIES",
        integer_parser(0, 10),
        "0",
        "0 to 10",
        "how many proxies may name the caller's address (`X-Forwarded-For`), for the audit log and"
        " for counting wrong guesses alike. Too low: all who come through the proxy count as one"
        " address; too high: anybody names the address they like",
    ),
    Setting(
        "XINGLIN_DEMO",
        parse_switch,
        "0",
        "0 or 1",
        "load the demo alliance, on this machine alone. Accounts that were made while it was on"
        " sign in only while it is on",
        "1 in make, else 0",
    ),
    Setting(
        "XINGLIN_LAUNCH",
        parse_switch,
        "1",
        "0 or 1",
        "0: no system of any hospital opens records as a doctor, whatever it is registered for",
    ),
    Setting(
        "XINGLIN_WORKERS",
        integer_parser(1, 64),
        str(CORES),
        "1 to 64",
        "gunicorn's workers",
        "cores (2 to 8)",
    ),
    Setting(
        "XINGLIN_THREADS",
        integer_parser(1, 64),
        "8",
        "1 to 64",
        "threads of each; each keeps one database connection (`max_connections` of PostgreSQL must"
        " allow workers × threads, and 20 more)",
    ),
    Setting(
        "XINGLIN_MAX_BODY",
        integer_parser(1 << 16, 1 << 30),
        str(1 << 26),
        "65536 to 1073741824",
        "largest request, in bytes",
        "64 MiB",
    ),
    Setting(
        "XINGLIN_MAX_ENTRIES",
        integer_parser(1, 1_000_000),
        "20000",
        "1 to 1000000",
        "most entries in a Bundle",
    ),
    Setting(
        "XINGLIN_MAX_IMPORT",
        integer_parser(1 << 16, 1 << 40),
        str(1 << 33),
        "65536 to 1099511627776",
        "largest upload to `$import`, in bytes as unpacked",
        "8 GiB",
    ),
    Setting(
        "XINGLIN_SYNC_AT_ONCE",
        integer_parser(0, 1_000),
        str(CORES),
        "0 to 1000",
        "large batches of members' systems ([sync](../sync.md)) that are done at once; what comes"
        " beyond is stored, answered 202 and done in its turn. 0: all of them",
        "cores (2 to 8)",
    ),
    *SYNC_SETTINGS,
    Setting(
        "XINGLIN_FIND_STAFF",
        integer_parser(1, 10_000),
        "60",
        "1 to 10000",
        "searches an hour, for one of the staff, that find nobody of their own hospital (and three"
        " times as many strangers listed); own patients are found on",
    ),
    Setting(
        "XINGLIN_FIND_SYSTEM",
        integer_parser(1, 10_000_000),
        "10000",
        "1 to 10000000",
        "the same for a hospital's system",
    ),
    Setting(
        "XINGLIN_STATEMENT_SECONDS",
        parse_statement_seconds,
        ",".join(f"{k}={v}" for k, v in STATEMENT_SECONDS.items()),
        "kind=seconds by commas, what is not named keeps its default: 1 to 600 for `page`, `read`,"
        " `write`, `search`, `transaction`, `export` (the audit log's), 0 (no end) to 86400 for"
        " `bulk` and `command`; or a number, 1 to 600, for the first six alike",
        "how long PostgreSQL may work on one statement of each kind of work before that is refused"
        " as too costly",
    ),
    Setting(
        "XINGLIN_HOOKS",
        list_parser(parse_origin_setting),
        "",
        "origins such as https://his.example:8443 by commas, no blanks",
        "origins that subscriptions may be told at; nobody else is ever called",
        "none",
    ),
    Setting(
        "XINGLIN_TOKEN_SECONDS",
        integer_parser(60, 3600),
        "3600",
        "60 to 3600",
        "life of a system's token (SMART Backend Services recommends 300)",
    ),
    Setting(
        "XINGLIN_IDLE_SECONDS",
        integer_parser(60, 1800),
        "900",
        "60 to 1800 (GB/T 22239-2019 8.1.4.1 b; NIST SP 800-63B, AAL2)",
        "idle sessions end",
    ),
    *HOUR_SETTINGS,
    Setting(
        "XINGLIN_METRICS_TOKEN",
        parse_bearer_token,
        "",
        "32 to 200 letters, digits and . _ ~ + / -",
        "bearer token for which `/metrics` and `/status` answer"
        " ([monitoring](../operations/monitoring.md)). Where it is not set, they are there for"
        " nobody",
        "none",
        secret=True,
    ),
    Setting(
        "XINGLIN_METRICS_FROM",
        list_parser(parse_network),
        "",
        "addresses or networks (10.1.2.0/24) by commas, no blanks",
        "narrows the token to these addresses, past no proxy. It needs the token: an address alone"
        " opens nothing, for a proxy's is that of all who come through it",
        "none",
    ),
    Setting(
        "XINGLIN_CERTIFICATE",
        parse_absolute_path,
        "",
        "a PEM file, from / on",
        "the site's TLS certificate, as the proxy has it: its end is told in time",
        "none",
    ),
    Setting(
        "XINGLIN_LOG_FORMAT",
        choice_parser("text", "json"),
        "text",
        "text or json",
        "form of the log: a line each, or a JSON object a line"
        " ([monitoring](../operations/monitoring.md#logs))",
    ),
    Setting(
        "XINGLIN_SECRET_KEY",
        parse_key,
        "",
        KEY_FORMAT,
        "signs sessions, forms, patients' codes and the pages of searches, and keeps first"
        " passwords for the ten minutes in which they are shown",
        KEPT,
        secret=True,
    ),
    Setting(
        "XINGLIN_INDEX_KEY",
        parse_key,
        "",
        KEY_FORMAT,
        "keys the patient index's hashes; losing it loses matching",
        KEPT,
        secret=True,
    ),
    Setting(
        "XINGLIN_AUDIT_KEY",
        parse_key,
        "",
        KEY_FORMAT,
        "signs the audit log's tree heads; losing it loses proof",
        KEPT,
        secret=True,
    ),
    Setting(
        "XINGLIN_BODY_KEY",
        parse_key,
        "",
        KEY_FORMAT,
        "the master key that opens every record, second factor and scan ([keys and"
        " backups](keys.md)); **losing it loses the records**",
        KEPT,
        secret=True,
    ),
    Setting(
        "XINGLIN_BODY_KEY_NEXT",
        parse_key,
        "",
        KEY_FORMAT,
        "its successor, while it is changed",
        "none",
        secret=True,
    ),
    Setting(
        "XINGLIN_BACKUP_DIR",
        parse_absolute_path,
        "",
        "a folder, from / on",
        "where backups go ([backup](backup.md)), on another disk or machine than the database."
        " Where it is set the site also keeps the write-ahead log there, as it is written: what can"
        " be lost is seconds",
        "none",
    ),
    *BACKUP_SETTINGS,
)
SETTINGS_BY_NAME = {s.name: s for s in PUBLIC_SETTINGS + INTERNAL_SETTINGS}
OF_TESTS = frozenset(
    {"XINGLIN_INSIDERS", "XINGLIN_LEAKS", "XINGLIN_ORACLE", "XINGLIN_ORDERS", "XINGLIN_SEED"}
)  # how much, and what, the project's tests draw
MAY_BE_EMPTY = frozenset(
    s.name
    for s in SETTINGS_BY_NAME.values()
    if not s.default
    and s.name.removeprefix("XINGLIN_").lower() not in (*KEY_NAMES, "body_key_next")
)


def settings_table() -> list[str]:
    """Build the table of docs/how-to/configure.md, a line each."""
    lines = ["| variable | default | allowed | what |", "|---|---|---|---|"]
    for s in PUBLIC_SETTINGS:
        default = s.shown or s.default or "none"
        lines.append(
            f"| `{s.name}` | {default} | {s.allowed.replace('|', '/').replace('*', chr(92) + '*')}"
            f" | {s.meaning} |"
        )
    return lines
