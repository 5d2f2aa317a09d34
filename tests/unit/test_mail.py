"""The mail server's address: what it means, and what stops the start."""

import pytest

from alliance.config.mail import mail_server


@pytest.mark.parametrize(("url", "server"), [
    ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
    ("smtp://x%40y.example:p%2Fw@mail.example:587?starttls=1", ("mail.example", 587, "x@y.example", "p/w", True, False)),
    ("smtps://u:p@mail.example", ("mail.example", 465, "u", "p", False, True)),
])
def test_a_server(url: str, server: tuple[object, ...]) -> None:
    assert mail_server(url) == server


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtps://mail.example?starttls=1"])
def test_no_server(url: str) -> None:
    with pytest.raises(ValueError, match="XINGLIN_MAIL"):
        mail_server(url)
