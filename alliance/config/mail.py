"""$XINGLIN_MAIL to a mail server: smtp://user:password@host:587?starttls=1, or smtps:// where TLS comes first."""

from urllib.parse import parse_qs, unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465}
Server = tuple[str, int, str, str, bool, bool]


def mail_server(url: str) -> Server:
    """(host, port, user, password, STARTTLS, TLS from the start). Raises ValueError with the mend."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("XINGLIN_MAIL must be smtp://host:port or smtps://host:port, with user:password@ where the server asks for it")
    starttls = parse_qs(parts.query).get("starttls", ["0"])[-1] == "1"
    if starttls and parts.scheme == "smtps":
        raise ValueError("XINGLIN_MAIL: smtps:// is TLS from the start; starttls=1 belongs to smtp://")
    return parts.hostname, parts.port or PORTS[parts.scheme], unquote(parts.username or ""), unquote(parts.password or ""), starttls, parts.scheme == "smtps"
