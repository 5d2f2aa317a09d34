"""Run one part of the site as a process of its own, with the settings that the supervisor would
give it: for systemd, where each part is a unit (docs/operations/systemd/).
"""

import errno
import os
import socket
from collections.abc import MutableMapping, Sequence
from typing import NoReturn

from alliance.platform.environment import StartRefused, read_setting
from alliance.platform.state_files import ROOT
from alliance.server.home_lock import SITE_PARTS, claim_home
from alliance.server.supervisor import list_parts

BACKLOG = 2048  # connections that wait for a web process
PASSED = 3  # the first open file that systemd passes: SD_LISTEN_FDS_START of sd_listen_fds(3)


def take_systemd_socket(environment: MutableMapping[str, str] = os.environ) -> socket.socket | None:
    """The site's socket as systemd holds it (sd_listen_fds(3)); None where none was passed to
    this process. Raises StartRefused where it is no socket that calls can be taken from, and where
    it is not the address that the settings name, since what they refuse (plain HTTP on a network)
    would otherwise be had past them.
    """
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return None
    for name in ("LISTEN_PID", "LISTEN_FDNAMES"):
        environment.pop(name, None)
    if (count := environment.pop("LISTEN_FDS", "")) != "1":
        raise StartRefused(
            f"LISTEN_FDS={count}: the site has one socket, and so many were passed. Keep one"
            " ListenStream= in the socket unit."
        )
    try:
        site = socket.socket(fileno=PASSED)
    except OSError as error:
        raise StartRefused(
            f"LISTEN_FDS=1, and the file that was passed (no. {PASSED}) is no socket, or closed"
            f" ({error.strerror}). Let a socket unit with ListenStream= start the service."
        ) from None
    if fault := socket_fault(site):
        site.close()
        raise StartRefused(fault)
    os.set_inheritable(PASSED, False)
    return site


def socket_fault(site: socket.socket) -> str:
    """Why the passed socket is not the site's; "" where it is."""
    meant = (read_setting("XINGLIN_BIND").replace("localhost", "127.0.0.1"), read_setting("PORT"))
    same = f"Make it ListenStream={meant[0]}:{meant[1]}, as XINGLIN_BIND and PORT say."
    if site.family != socket.AF_INET or site.type != socket.SOCK_STREAM:
        kind = {
            socket.AF_UNIX: "a Unix socket",
            socket.AF_INET6: "an IPv6 socket",
            socket.AF_INET: "a datagram socket",
        }.get(site.family, "a socket of another kind")
        return f"The socket unit passed {kind}, and the site listens on TCP over IPv4. {same}"
    if is_connected(site):
        return (
            "The socket unit passed a connection instead of the socket that it came to. Say"
            " Accept=no in the socket unit."
        )
    told = site.getsockname()
    if told[1] == 0:
        return f"The socket unit passed a socket that is bound to no address. {same}"
    return (
        ""
        if told == meant
        else (
            f"The socket unit listens at {told[0]}:{told[1]}, and the settings say"
            f" {meant[0]}:{meant[1]}. {same}"
        )
    )


def is_connected(site: socket.socket) -> bool:
    """Whether somebody is at the other end: nobody is where it listens."""
    try:
        return bool(site.getpeername())
    except OSError:
        return False


def part_from_arguments(arguments: Sequence[str]) -> str:
    """The part that a command line names (manage.py serve web); "" for any other. Before Django
    is there: its settings would look for the database of another process.
    """
    named = arguments[2] if len(arguments) == 3 and arguments[1] == "serve" else ""
    return named if named in SITE_PARTS else ""


def bind_site_socket(host: str, port: int) -> socket.socket:
    """Bind the socket of the site; it does not listen yet. Raises StartRefused."""
    site = socket.socket()
    site.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        site.bind((host, port))
    except OSError as error:
        site.close()
        raise StartRefused(address_fault(host, port, error)) from error
    return site


def listen(site: socket.socket) -> None:
    """Listen: callers wait in the socket from now on. Raises StartRefused where another program,
    which was bound to the same address meanwhile, was the first to listen.
    """
    host, port = site.getsockname()
    try:
        site.listen(BACKLOG)
    except OSError as error:
        raise StartRefused(address_fault(host, port, error)) from error


def address_fault(host: str, port: int, error: OSError) -> str:
    """Why the site cannot listen there, and the mend."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"PORT={port} is taken at {host}: another program listens there. Stop it, or choose"
            f" another port, such as PORT={8010 if port != 8010 else 8020}."
        )
    if error.errno == errno.EACCES:
        return (
            f"PORT={port} is not for this account ({error.strerror}): choose one from 1024 on, such"
            " as PORT=8000, and let the proxy listen at the other."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"XINGLIN_BIND={host} is no address of this machine (PORT={port}). Unset it"
            " (127.0.0.1), or name one that `ip address` shows."
        )
    return f"The site cannot listen at XINGLIN_BIND={host}, PORT={port}: {error.strerror}."


def exec_part(name: str) -> NoReturn:
    """Turn this process into the named part (exec). Raises StartRefused."""
    if not (read_setting("DATABASE_URL") or (name == "web" and read_setting("DATABASE_WEB_URL"))):
        raise StartRefused(
            "DATABASE_URL is not set: parts that run one by one need a PostgreSQL server that runs"
            " without them. The embedded one belongs to `manage.py serve`."
        )
    if name == "archiver" and not read_setting("XINGLIN_BACKUP_DIR"):
        raise StartRefused(
            "XINGLIN_BACKUP_DIR names no folder: there is nothing to keep the write-ahead log in"
            " (docs/how-to/backup.md)."
        )
    passed = take_systemd_socket() if name == "web" else None
    claim_home([name], across_exec=True)
    site = passed or (
        bind_site_socket(read_setting("XINGLIN_BIND"), read_setting("PORT"))
        if name == "web"
        else None
    )
    part = next(p for p in list_parts(site.fileno() if site else -1) if p.name == name)
    if site:
        os.set_inheritable(site.fileno(), True)
    os.chdir(ROOT)
    os.environ["XINGLIN_PROCESS"] = name
    os.execv(part.command[0], part.command)
