"""What the environment may say: each value that is taken, and beside it the ones that stop the
start and name variable, value and what is allowed.
"""

from typing import Any

import pytest

from alliance.platform.environment import (
    PUBLIC_SETTINGS,
    SETTINGS_BY_NAME,
    StartRefused,
    check_environment,
    read_setting,
)
from alliance.platform.setting_rows import MAY_BE_EMPTY

KEY = "0123456789abcdef" * 4
OUTSIDE = {"XINGLIN_BIND": "0.0.0.0", "XINGLIN_HTTPS": "1", "XINGLIN_PROXIES": "1"}
GOOD: list[tuple[str, str, Any]] = [
    ("XINGLIN_HTTPS", "1", True),
    ("XINGLIN_HTTPS", "0", False),
    ("XINGLIN_DEMO", "1", True),
    ("XINGLIN_PROXIES", "0", 0),
    ("XINGLIN_PROXIES", "3", 3),
    ("XINGLIN_IDLE_SECONDS", "60", 60),
    ("XINGLIN_IDLE_SECONDS", "1800", 1800),
    ("XINGLIN_TOKEN_SECONDS", "300", 300),
    ("XINGLIN_TOKEN_SECONDS", "3600", 3600),
    ("XINGLIN_SESSION_HOURS", "12", 12.0),
    ("XINGLIN_SESSION_HOURS", "7.5", 7.5),
    ("PORT", "65535", 65535),
    ("XINGLIN_BIND", "localhost", "localhost"),
    (
        "XINGLIN_HOSTS",
        "a.example,.b.example,[::1],10.0.0.1",
        ["a.example", ".b.example", "[::1]", "10.0.0.1"],
    ),
    (
        "XINGLIN_HOOKS",
        "https://his.example:8443,http://10.0.0.7",
        ["https://his.example:8443", "http://10.0.0.7:80"],
    ),
    ("XINGLIN_HOOKS", "", []),
    ("XINGLIN_PUBLIC_URL", "http://127.0.0.1:8010", "http://127.0.0.1:8010"),
    ("XINGLIN_PUBLIC_URL", "http://[::1]:8010", "http://[::1]:8010"),
    ("XINGLIN_ROW_SECURITY", "0", False),
    ("XINGLIN_HOME", "/var/lib/xinglin", "/var/lib/xinglin"),
    ("XINGLIN_MAIL_FROM", "xinglin@hospital.example", "xinglin@hospital.example"),
    ("XINGLIN_PROCESS", "courier", "courier"),
    ("XINGLIN_BODY_KEY", KEY, KEY),
    ("DATABASE_URL", "postgresql://u:p@h:5432/d", "postgresql://u:p@h:5432/d"),
    ("XINGLIN_PG_OPTIONS", "fsync=off,work_mem=1MB", [("fsync", "off"), ("work_mem", "1MB")]),
]
BAD = [
    *(("XINGLIN_HTTPS", v) for v in ("true", "TRUE", "yes", "on", "1 ", "2", "", "０")),
    *((name, "true") for name in ("XINGLIN_DEMO", "XINGLIN_LAUNCH", "XINGLIN_ROW_SECURITY")),
    *(("XINGLIN_PROXIES", v) for v in ("-1", "11", "1.0", "one")),
    *(("XINGLIN_IDLE_SECONDS", v) for v in ("0", "59", "1801", "99999999", "9e2")),
    *(("XINGLIN_TOKEN_SECONDS", v) for v in ("0", "3601", "31536000")),
    *(("XINGLIN_SYNC_AT_ONCE", v) for v in ("-1", "1001", "1.5", "many")),
    *(("XINGLIN_SYNC_LETTERS", v) for v in ("99", "10000001", "5e4")),
    *(("XINGLIN_SYNC_LETTER_BYTES", v) for v in ("1048575", "256M")),
    *(("XINGLIN_SESSION_HOURS", v) for v in ("0", "12.5", "24", "nan", "inf", "-1")),
    *(("PORT", v) for v in ("0", "65536", "http")),
    *(("XINGLIN_BIND", v) for v in ("0.0.0", "::", "example", " 127.0.0.1")),
    *(
        ("XINGLIN_HOSTS", v)
        for v in (
            "a.example, b.example",
            "",
            "*",
            "a.example,",
            "http://a.example",
            "a/b",
            "1.2.3",
            "256.1.1.1",
            f"{'a' * 64}.example",
        )
    ),
    *(
        ("XINGLIN_HOOKS", v)
        for v in (
            "ftp://x",
            "https://x/path",
            "https://user@x",
            "https://a, https://b",
            "http://169.254.169.254",
            "x",
            "https://x:99999",
            "https://x:0",
            "https://9999",
        )
    ),
    *(
        (f"XINGLIN_{k}_KEY", v)
        for k in ("SECRET", "INDEX", "AUDIT", "BODY")
        for v in ("", "00", "a", KEY[:-1], KEY + "00", "g" * 64)
    ),
    ("XINGLIN_BODY_KEY_NEXT", "ab"),
    *(
        (name, v)
        for name in ("DATABASE_URL", "DATABASE_WEB_URL", "DATABASE_BACKUP_URL")
        for v in (
            "mysql://h/d",
            "sqlite:///x",
            "postgresql://a:0,b:2/d",
            "h",
            "postgresql://h:５４３２/d",
            "postgresql://h:99999/d",
            "host=h connect_timeout=３",
            "host=h connect_timeout=-1",
            f"host=h connect_timeout={'9' * 20}",
            "host=h sslmode=nonsense",
            "host=h nonsense=1",
            "x" * 100_000,
        )
    ),
    *(
        ("XINGLIN_MAIL", v)
        for v in (
            "http://mail.example",
            "smtp://mail.example?starttls=yes",
            "smtp://mail.example?starttls=true",
            "smtp://mail.example?tls=1",
            "smtp://mail.example/1",
            "smtp://mail.example:0",
            "smtp://mail.example:99999",
            "smtp://mail.example:５８７",
            "smtp:// mail.example",
            "smtps://mail.example?starttls=1",
        )
    ),
    *(
        ("XINGLIN_MAIL_FROM", v)
        for v in ("nobody", "@", "a@b@", "a b@c.example", "a@c.example, d@c.example", "a@c/d")
    ),
    *(
        ("XINGLIN_PUBLIC_URL", v)
        for v in (
            "records.example",
            "https://records.example/",
            "https://records.example/x",
            "https://records.example?",
            "https://records.example#",
            "HTTPS://records.example",
            "http://localhost:0",
            "http://localhost:８０",
            "http://local host",
            "http://[::1",
        )
    ),
    ("XINGLIN_MAX_BODY", "64MiB"),
    ("XINGLIN_MAX_BODY", "65535"),
    ("XINGLIN_MAX_IMPORT", "8GiB"),
    ("XINGLIN_MAX_IMPORT", "1099511627777"),
    ("XINGLIN_MAX_ENTRIES", "1000001"),
    ("XINGLIN_FIND_STAFF", "10001"),
    ("XINGLIN_FIND_SYSTEM", "10000001"),
    ("XINGLIN_WORKERS", "0"),
    ("XINGLIN_WORKERS", "65"),
    ("XINGLIN_THREADS", "65"),
    *(
        ("XINGLIN_STATEMENT_SECONDS", v)
        for v in ("0", "601", "page", "page=0", "page=601", "bulk=86401", "pages=1", "page=1,", ",")
    ),
    ("XINGLIN_LOG_FORMAT", "JSON"),
    ("XINGLIN_METRICS_TOKEN", "a" * 31),
    ("XINGLIN_METRICS_TOKEN", "９" * 40),
    ("XINGLIN_METRICS_FROM", "10.1.2.3/8"),
    ("XINGLIN_METRICS_FROM", "10.1.2.0/33"),
    ("XINGLIN_BACKUP_DAYS", "3651"),
    ("XINGLIN_AUDIT_ONLINE_MONTHS", "5"),
    ("XINGLIN_AUDIT_ONLINE_MONTHS", "1201"),
    ("XINGLIN_EMERGENCY_REVIEW_HOURS", "0"),
    ("XINGLIN_EMERGENCY_REVIEW_HOURS", "721"),
    *(
        (name, "backups")
        for name in (
            "XINGLIN_HOME",
            "XINGLIN_BACKUP_DIR",
            "XINGLIN_AUDIT_ARCHIVES",
            "XINGLIN_CERTIFICATE",
            "XINGLIN_RECOVERY_CERTIFICATE",
        )
    ),
    ("XINGLIN_HOME", "~/xinglin"),
    ("XINGLIN_PROCESS", "scheduler"),
    ("XINGLIN_GATE", "-1"),
    *(("XINGLIN_PG_OPTIONS", v) for v in ("fsync", "fsync=off,", "fsync='off'", "fsync=o ff")),
    ("XINGLIN_HTTP", "1"),
    ("XINGLIN_PROXY", "1"),
    ("XINGLIN_POOL", "1"),
    ("XINGLIN_https", "1"),
]


# What a hurried hand, a template that was not filled in, or an input method may leave behind.
ABSURD = (
    "true",
    "-1",
    "0",
    "nonsense!",
    "",
    "  ",
    " 1",
    "1\n",
    "\t",
    "１",
    "9" * 40,
    "9" * 100_000,
    "1e3",
    "nan",
    "${VALUE}",
    "%",
    "\udcff",
)
SWITCHES = ("XINGLIN_HTTPS", "XINGLIN_DEMO", "XINGLIN_LAUNCH", "XINGLIN_ROW_SECURITY")
# Which of them mean something after all.
MEANT = {
    "": set(MAY_BE_EMPTY),
    "0": {*SWITCHES, "XINGLIN_PROXIES", "XINGLIN_GATE", "XINGLIN_SYNC_AT_ONCE"},
    "true": {"XINGLIN_HOSTS"},
    "nan": {"XINGLIN_HOSTS"},
    "1e3": {"XINGLIN_HOSTS"},
    "9" * 40: {"XINGLIN_METRICS_TOKEN"},
}


@pytest.mark.parametrize("name", sorted(SETTINGS_BY_NAME))
def test_no_setting_takes_what_makes_no_sense(name: str) -> None:
    """Of every row of the table, a new one too."""
    meant = {said for said, names in MEANT.items() if name in names}
    for said in ABSURD:
        if said in meant:
            assert check_environment({name: said}) == 1
            continue
        with pytest.raises(StartRefused) as refusal:
            check_environment({name: said})
        says = str(refusal.value)
        assert says.startswith(name) and says.isprintable() and len(says) < 1000, (said[:60], says)
        assert SETTINGS_BY_NAME[name].allowed in says, "the mend"


def test_every_setting_has_bad_examples_of_its_own() -> None:
    assert {name for name, _ in BAD} >= SETTINGS_BY_NAME.keys()
    assert {name for names in MEANT.values() for name in names} <= SETTINGS_BY_NAME.keys()


@pytest.mark.parametrize(("name", "said", "means"), GOOD)
def test_what_is_understood(name: str, said: str, means: Any) -> None:
    assert check_environment({name: said}) == 1 and read_setting(name, {name: said}) == means


@pytest.mark.parametrize(("name", "said"), BAD)
def test_what_is_not_stops_the_start_in_one_line(name: str, said: str) -> None:
    with pytest.raises(StartRefused) as refusal:
        check_environment({name: said})
    says = str(refusal.value)
    assert says.startswith(name) and "\n" not in says
    if name in SETTINGS_BY_NAME:
        assert SETTINGS_BY_NAME[name].allowed in says
        assert (
            not said
            or said != said.strip()
            or SETTINGS_BY_NAME[name].secret
            or repr(said[:60]) in says
        )


def test_no_secret_is_repeated() -> None:
    for name, said in (
        ("XINGLIN_BODY_KEY", "hunter2hunter2"),
        ("DATABASE_URL", "postgresql://u:hun/ter2@h/d"),
        ("XINGLIN_MAIL", "pop://u:hunter2@h"),
    ):
        with pytest.raises(StartRefused) as refusal:
            check_environment({name: said})
        assert "hun" not in str(refusal.value)


def test_every_default_is_understood() -> None:
    assert check_environment({}) == 0
    assert all(s.allowed and s.meaning for s in PUBLIC_SETTINGS)
    assert check_environment({s.name: s.default for s in PUBLIC_SETTINGS if s.default}) > 10


def test_what_leaves_the_machine_is_behind_tls() -> None:
    assert check_environment(OUTSIDE) == 3, "the control"
    for missing in ("XINGLIN_HTTPS", "XINGLIN_PROXIES"):
        with pytest.raises(
            StartRefused, match=r"^XINGLIN_BIND=0\.0\.0\.0: .*XINGLIN_HTTPS=1 and XINGLIN_PROXIES=1"
        ):
            check_environment({k: v for k, v in OUTSIDE.items() if k != missing})
    with pytest.raises(StartRefused, match=r"^XINGLIN_BIND=192\.0\.2\.7"):
        check_environment({"XINGLIN_BIND": "192.0.2.7"})
    for here in ("127.0.0.1", "127.1.2.3", "localhost"):
        check_environment({"XINGLIN_BIND": here})
    with pytest.raises(StartRefused, match="leads past TLS"):
        check_environment(OUTSIDE | {"XINGLIN_PUBLIC_URL": "http://records.example"})


def test_an_address_for_others_is_behind_tls() -> None:
    public = {"XINGLIN_PUBLIC_URL": "https://records.example"}
    assert check_environment(public | {"XINGLIN_HTTPS": "1"}) == 2, "the control"
    for url in (public["XINGLIN_PUBLIC_URL"], "http://10.0.0.7:8000", "https://localhost"):
        with pytest.raises(StartRefused, match=r"^XINGLIN_PUBLIC_URL: .*XINGLIN_HTTPS=1"):
            check_environment({"XINGLIN_PUBLIC_URL": url})


def test_the_demo_stays_on_this_machine() -> None:
    check_environment({"XINGLIN_DEMO": "1"})
    check_environment(OUTSIDE | {"XINGLIN_DEMO": "0"})
    with pytest.raises(StartRefused, match="published"):
        check_environment(OUTSIDE | {"XINGLIN_DEMO": "1"})


def test_mail_needs_a_sender() -> None:
    check_environment({"XINGLIN_MAIL": "smtps://xinglin%40hospital.example:p@mail.example"})
    with pytest.raises(StartRefused, match=r"^XINGLIN_MAIL_FROM"):
        check_environment({"XINGLIN_MAIL": "smtp://mail.example"})


def test_an_address_alone_opens_no_numbers() -> None:
    check_environment({"XINGLIN_METRICS_FROM": "10.1.2.3", "XINGLIN_METRICS_TOKEN": "t" * 32})
    check_environment({"XINGLIN_METRICS_TOKEN": "t" * 32})
    with pytest.raises(
        StartRefused, match=r"^XINGLIN_METRICS_FROM is set without XINGLIN_METRICS_TOKEN"
    ):
        check_environment({"XINGLIN_METRICS_FROM": "10.1.2.3"})
