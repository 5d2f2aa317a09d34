"""What the environment may say: each value that is taken, and beside it the ones that stop the start and name variable, value and what is allowed."""

from typing import Any

import pytest

from alliance.config.environment import ROWS, TABLE, StartRefused, check, setting

KEY = "0123456789abcdef" * 4
OUTSIDE = {"XINGLIN_BIND": "0.0.0.0", "XINGLIN_HTTPS": "1", "XINGLIN_PROXIES": "1"}
GOOD: list[tuple[str, str, Any]] = [
    ("XINGLIN_HTTPS", "1", True), ("XINGLIN_HTTPS", "0", False), ("XINGLIN_DEMO", "1", True), ("XINGLIN_PROXIES", "0", 0), ("XINGLIN_PROXIES", "3", 3),
    ("XINGLIN_IDLE_SECONDS", "60", 60), ("XINGLIN_IDLE_SECONDS", "1800", 1800), ("XINGLIN_TOKEN_SECONDS", "300", 300), ("XINGLIN_TOKEN_SECONDS", "3600", 3600),
    ("XINGLIN_SESSION_HOURS", "12", 12.0), ("XINGLIN_SESSION_HOURS", "7.5", 7.5), ("PORT", "65535", 65535), ("XINGLIN_BIND", "localhost", "localhost"),
    ("XINGLIN_HOSTS", "a.example,.b.example,[::1],10.0.0.1", ["a.example", ".b.example", "[::1]", "10.0.0.1"]),
    ("XINGLIN_HOOKS", "https://his.example:8443,http://10.0.0.7", ["https://his.example:8443", "http://10.0.0.7:80"]), ("XINGLIN_HOOKS", "", []),
    ("XINGLIN_PUBLIC_URL", "https://records.example", "https://records.example"), ("XINGLIN_BODY_KEY", KEY, KEY), ("DATABASE_URL", "postgresql://u:p@h:5432/d", "postgresql://u:p@h:5432/d"),
    ("XINGLIN_PG_OPTIONS", "fsync=off,work_mem=1MB", [("fsync", "off"), ("work_mem", "1MB")]),
]
BAD = [
    *(("XINGLIN_HTTPS", v) for v in ("true", "TRUE", "yes", "on", "1 ", "2", "", "０")), ("XINGLIN_DEMO", "true"),
    *(("XINGLIN_PROXIES", v) for v in ("-1", "11", "1.0", "one")), *(("XINGLIN_IDLE_SECONDS", v) for v in ("0", "59", "1801", "99999999", "9e2")),
    *(("XINGLIN_TOKEN_SECONDS", v) for v in ("0", "3601", "31536000")), *(("XINGLIN_SESSION_HOURS", v) for v in ("0", "12.5", "24", "nan", "inf", "-1")),
    *(("PORT", v) for v in ("0", "65536", "http")), *(("XINGLIN_BIND", v) for v in ("0.0.0", "::", "example", " 127.0.0.1")),
    *(("XINGLIN_HOSTS", v) for v in ("a.example, b.example", "", "*", "a.example,", "http://a.example", "a/b")),
    *(("XINGLIN_HOOKS", v) for v in ("ftp://x", "https://x/path", "https://user@x", "https://a, https://b", "http://169.254.169.254", "x", "https://x:99999")),
    *((f"XINGLIN_{k}_KEY", v) for k in ("SECRET", "INDEX", "AUDIT", "BODY") for v in ("", "00", "a", KEY[:-1], KEY + "00", "g" * 64)), ("XINGLIN_BODY_KEY_NEXT", "ab"),
    *(("DATABASE_URL", v) for v in ("mysql://h/d", "postgresql://a:0,b:2/d", "h")), ("DATABASE_WEB_URL", "sqlite:///x"), ("XINGLIN_MAIL", "http://mail.example"),
    ("XINGLIN_MAIL_FROM", "nobody"), *(("XINGLIN_PUBLIC_URL", v) for v in ("records.example", "https://records.example/", "https://records.example/x")),
    ("XINGLIN_MAX_BODY", "64MiB"), ("XINGLIN_WORKERS", "0"), ("XINGLIN_STATEMENT_SECONDS", "0"), ("XINGLIN_PG_OPTIONS", "fsync"),
    ("XINGLIN_HTTP", "1"), ("XINGLIN_PROXY", "1"), ("XINGLIN_POOL", "1"), ("XINGLIN_https", "1"),
]


@pytest.mark.parametrize(("name", "said", "means"), GOOD)
def test_what_is_understood(name: str, said: str, means: Any) -> None:
    assert check({name: said}) == 1 and setting(name, {name: said}) == means


@pytest.mark.parametrize(("name", "said"), BAD)
def test_what_is_not_stops_the_start_in_one_line(name: str, said: str) -> None:
    with pytest.raises(StartRefused) as refusal:
        check({name: said})
    says = str(refusal.value)
    assert says.startswith(name) and "\n" not in says
    if name in TABLE:
        assert TABLE[name].allowed in says
        assert not said or TABLE[name].secret or repr(said) in says


def test_no_secret_is_repeated() -> None:
    for name, said in (("XINGLIN_BODY_KEY", "hunter2hunter2"), ("DATABASE_URL", "postgresql://u:hun/ter2@h/d"), ("XINGLIN_MAIL", "pop://u:hunter2@h")):
        with pytest.raises(StartRefused) as refusal:
            check({name: said})
        assert "hun" not in str(refusal.value)


def test_every_default_is_understood() -> None:
    assert check({}) == 0
    assert all(s.allowed and s.meaning for s in ROWS)
    assert check({s.name: s.default for s in ROWS if s.default}) > 10


def test_what_leaves_the_machine_is_behind_tls() -> None:
    assert check(OUTSIDE) == 3, "the control"
    for missing in ("XINGLIN_HTTPS", "XINGLIN_PROXIES"):
        with pytest.raises(StartRefused, match=r"^XINGLIN_BIND=0\.0\.0\.0: .*XINGLIN_HTTPS=1 and XINGLIN_PROXIES=1"):
            check({k: v for k, v in OUTSIDE.items() if k != missing})
    with pytest.raises(StartRefused, match=r"^XINGLIN_BIND=192\.0\.2\.7"):
        check({"XINGLIN_BIND": "192.0.2.7"})
    for here in ("127.0.0.1", "127.1.2.3", "localhost"):
        check({"XINGLIN_BIND": here})
    with pytest.raises(StartRefused, match="leads past TLS"):
        check(OUTSIDE | {"XINGLIN_PUBLIC_URL": "http://records.example"})


def test_the_demo_stays_on_this_machine() -> None:
    check({"XINGLIN_DEMO": "1"})
    check(OUTSIDE | {"XINGLIN_DEMO": "0"})
    with pytest.raises(StartRefused, match="published"):
        check(OUTSIDE | {"XINGLIN_DEMO": "1"})


def test_mail_needs_a_sender() -> None:
    check({"XINGLIN_MAIL": "smtps://xinglin%40hospital.example:p@mail.example"})
    with pytest.raises(StartRefused, match=r"^XINGLIN_MAIL_FROM"):
        check({"XINGLIN_MAIL": "smtp://mail.example"})
