"""Who may read the numbers of the installation: a monitoring system as configured, and
nobody else.
"""

import hashlib
import hmac
import ipaddress

from django.http import HttpRequest

from alliance.platform.environment import read_setting

PASSED_ON = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")  # what proxies add


def can_read_metrics(request: HttpRequest) -> bool:
    """By the bearer token, and where addresses are named also by that of who holds the
    connection. Without a token nobody, whatever the address: a proxy on this machine that names no
    caller has one that is allowed, and all who come through it would have it. A request that says
    that it came through a proxy has nobody's address.
    """
    token, networks = read_setting("XINGLIN_METRICS_TOKEN"), read_setting("XINGLIN_METRICS_FROM")
    return (
        bool(token)
        and has_metrics_token(request, token)
        and (not networks or is_from_networks(request, networks))
    )


def has_metrics_token(request: HttpRequest, token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(
        hashlib.sha256(given.strip().encode()).digest(), hashlib.sha256(token.encode()).digest()
    )
    return scheme.lower() == "bearer" and same


def is_from_networks(
    request: HttpRequest, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> bool:
    if any(name in request.headers for name in PASSED_ON):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in networks)
