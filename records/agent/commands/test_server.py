"""Serve docs/sync.md on this machine, for whoever writes a client: made-up records only."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..test_server.http_server import SyncServer
from ..test_server.site import HOSPITALS, HOSPITALS_EN, LineFaults, Site, open_site
from ..test_server.systems import make_code, make_secret_system

REFUSED = 2
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1: this machine alone")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep all in this folder; else in memory"
    )
    parser.add_argument(
        "--lose-answers", type=share, default=0.0, metavar="0.2", help="done, and the line breaks"
    )
    parser.add_argument(
        "--busy", type=share, default=0.0, metavar="0.2", help="answer 503: nothing was stored"
    )
    parser.add_argument("--later", action="store_true", help="answer every batch with 202")
    parser.add_argument(
        "--delay", type=milliseconds, default=0.0, metavar="MS", help="before each answer"
    )
    parser.add_argument(
        "--clock", type=float, default=0.0, metavar="SECONDS", help="the server's clock is ahead"
    )


def share(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError("a number from 0 to below 1")
    return number


def milliseconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 60_000:
        raise argparse.ArgumentTypeError("milliseconds, from 0 to 60000")
    return number


def run(arguments: argparse.Namespace) -> int:
    zh = arguments.language == "zh"
    faults = LineFaults(arguments.lose_answers, arguments.busy, arguments.delay, arguments.later)
    site = open_site(arguments.folder, arguments.clock, faults)
    site.told = lambda line: print(line, flush=True)
    try:
        server = SyncServer(site, arguments.host, arguments.port)
    except (OSError, OverflowError) as error:
        print(
            f"端口 {arguments.port} 用不了：{error}。请用 --port 换一个。"
            if zh
            else f"Port {arguments.port} cannot be taken: {error}. Choose another one (--port).",
            file=sys.stderr,
        )
        return REFUSED
    tell_start(site, arguments.host, server.server_address[1], zh)
    try:
        server.serve_forever(0.2)
    finally:
        server.server_close()
        site.database.close()
    return 0


def tell_start(site: Site, host: str, port: int, zh: bool) -> None:
    if host not in LOOPBACK:
        print(
            "注意：本机以外也能访问，而且没有加密。只放编造的数据。"
            if zh
            else "Note: other machines reach it, without encryption. Made-up records only."
        )
    url = f"http://{host}:{port}"
    print(f"测试服务器：{url}（Ctrl-C 结束）" if zh else f"Test server: {url} (Ctrl-C ends it)")
    for hospital in HOSPITALS:
        client, secret = make_secret_system(site, hospital)
        code = make_code(site, hospital)
        if zh:
            print(f"\n{HOSPITALS[hospital]}  {url}/sync/{hospital}/")
            print(f"  接入码（24 小时内用一次）：{code}")
            print(f"  或者用口令：client_id {client}  client_secret {secret}")
        else:
            print(f"\n{HOSPITALS_EN[hospital]}  {url}/sync/{hospital}/")
            print(f"  enrolment code, good once: {code}")
            print(f"  or by secret: client_id {client}  client_secret {secret}")
    print(f"\n公钥指纹 {site.fingerprint}\n" if zh else f"\nkey {site.fingerprint}\n", flush=True)
