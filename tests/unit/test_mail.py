"""The mail server's address: what it means, and what stops the start."""

import pytest

from alliance.platform.mail_url import parse_mail_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
        (
            "smtp://x%40y.example:p%2Fw@mail.example:587?starttls=1",
            ("mail.example", 587, "x@y.example", "p/w", True, False),
        ),
        ("smtps://u:p@mail.example", ("mail.example", 465, "u", "p", False, True)),
    ],
)
def test_a_server(url: str, server: tuple[object, ...]) -> None:
    assert parse_mail_url(url) == server


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtps://mail.example?starttls=1"]
)
def test_no_server(url: str) -> None:
    with pytest.raises(ValueError, match="XINGLIN_MAIL"):
        parse_mail_url(url)
