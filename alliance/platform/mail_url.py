"""$XINGLIN_MAIL to a mail server: smtp://user:password@host:587?starttls=1, or smtps:// where
TLS comes first.
"""

from urllib.parse import parse_qsl, unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465}
MailServer = tuple[str, int, str, str, bool, bool]


def parse_mail_url(url: str) -> MailServer:
    """(host, port, user, password, STARTTLS, TLS from the start). Raises ValueError with
    the mend.
    """
    parts = urlsplit(url)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    if (
        parts.scheme not in PORTS
        or not parts.hostname
        or " " in parts.netloc
        or parts.port == 0
        or parts.path
        or parts.fragment
    ):
        raise ValueError(
            "XINGLIN_MAIL must be smtp://host:port or smtps://host:port, with user:password@ where"
            " the server asks for it"
        )
    if asked not in ([], [("starttls", "0")], [("starttls", "1")]):
        raise ValueError("XINGLIN_MAIL: behind ? stands starttls=1 or starttls=0, and nothing else")
    starttls = asked == [("starttls", "1")]
    if starttls and parts.scheme == "smtps":
        raise ValueError(
            "XINGLIN_MAIL: smtps:// is TLS from the start; starttls=1 belongs to smtp://"
        )
    return (
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        starttls,
        parts.scheme == "smtps",
    )
