"""Connect this machine to the platform with a one-time code; its keys are made here."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

from ..connection import read_line
from ..enrolment import Enrolment, EnrolmentFault, enrol
from ..key_files import KEY
from ..platform_away import PlatformAway, Trouble
from ..platform_client import Credentials, PlatformClient
from ..settings import read_settings
from ..verdict import say_trouble

REFUSED = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE")
    parser.add_argument("--url", default="", help="https://…, the platform's address")
    parser.add_argument("--name", default="", help="this system's name, as the platform lists it")
    parser.add_argument("--proxy", default="", help="http://user:password@host:port")
    parser.add_argument("--ca-file", default="", help="the CA certificate of a platform's own CA")


def run(arguments: argparse.Namespace) -> int:
    zh = arguments.language == "zh"
    settings = read_settings(arguments.home)
    known = settings.get("platform", "client_id", fallback="")
    if known:
        print(
            f"本机已经接入了（{known}），不会覆盖。换密钥请用 xinglin-agent rotate；"
            "要接入另一家医院，请另用一个目录（--home）。"
            if zh
            else f"This machine is enrolled already ({known}), and nothing was overwritten. Another"
            " key: xinglin-agent rotate. Another hospital: another folder (--home).",
            file=sys.stderr,
        )
        return REFUSED
    url = arguments.url or settings.get("platform", "url", fallback="")
    if not url:
        print(
            "请用 --url 写上平台的网址，例如 --url https://platform.example.cn。"
            if zh
            else "Say the platform's address: --url https://platform.example.cn.",
            file=sys.stderr,
        )
        return REFUSED
    ca_file = arguments.ca_file or settings.get("platform", "ca_file", fallback="")
    proxy = arguments.proxy or settings.get("platform", "proxy", fallback="")
    client = PlatformClient(
        read_line(
            url if "://" in url else f"https://{url}",
            proxy,
            Path(ca_file).resolve() if ca_file else None,
        ),
        Credentials(""),
    )
    name = arguments.name or f"xinglin-agent {platform.node()}"
    try:
        made = enrol(client, arguments.home, arguments.code, name)
        tell_enrolment(made, arguments.home, client, zh)
        return prove_token(client, made, arguments.home, zh)
    except EnrolmentFault as fault:
        print(fault.words[arguments.language], file=sys.stderr)
        return REFUSED
    finally:
        client.close()


def tell_enrolment(made: Enrolment, home: Path, client: PlatformClient, zh: bool) -> None:
    kind = ("（沙箱，只用来试）" if zh else " (sandbox)") if made.sandbox else ""
    if zh:
        print(f"接入成功：{made.hospital_name}{kind}")
        print(f"本机编号：{made.client_id}")
        print(f"密钥和设置在：{home}（不要复制给别人；重装电脑前请告诉管理员）")
        print(f"平台日志的公钥指纹：{'、'.join(made.pinned)}")
        print("请和管理员给的核对一下指纹，一样就对了。")
    else:
        print(f"Enrolled: {made.hospital_name}{kind}")
        print(f"This system is {made.client_id}")
        print(f"Keys and settings: {home}. Give them to nobody.")
        print(f"The platform's log signs with {', '.join(made.pinned)}: compare it with what the")
        print("administrator has.")
    if client.clock.off:
        minutes = round(abs(client.clock.offset) / 60) or 1
        fast = client.clock.offset < 0
        print(
            f"注意：本机时间{'快' if fast else '慢'}了约 {minutes} 分钟，请校准（程序会自己换算）。"
            if zh
            else f"Note: this machine's clock is about {minutes} minutes"
            f" {'fast' if fast else 'slow'}. Set it; the agent reckons with it until then."
        )
    if not made.vouched and not made.sandbox:
        print(
            "提示：现在就可以上传。要查看其他医院的信息，还需隐私专员或审计员在平台上核验。"
            if zh
            else "It may send now. Other hospitals' records it reaches once an officer has vouched"
            " for it."
        )


def prove_token(client: PlatformClient, made: Enrolment, home: Path, zh: bool) -> int:
    """The key works: ask for a token with it."""
    proven = PlatformClient(
        client.line,
        Credentials(made.client_id, home / KEY, token_url=made.token_url),
        made.hospital,
    )
    proven.clock.offset = client.clock.offset
    try:
        proven.send("GET", f"/fhir/{made.hospital}/metadata")
    except PlatformAway as away:
        if away.trouble is Trouble.CREDENTIALS and not made.vouched and not made.sandbox:
            print(
                "接入码是程序代发的：要等隐私专员或审计员在平台上核验之后，本机才能上传。"
                if zh
                else "A script made this code: the system gets no token before an officer has"
                " vouched for it."
            )
            return 0
        print(say_trouble(away, "zh" if zh else "en"), file=sys.stderr)
        return 1
    finally:
        proven.close()
    print("已和平台试连一次，通了，可以用了。" if zh else "Tried: a token was given. Ready.")
    return 0
