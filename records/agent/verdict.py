"""Say in one sentence whose trouble it is, theirs or ours, and what to do."""

from __future__ import annotations

from .platform_away import PlatformAway, Trouble

# trouble: (whose, zh, en); {detail} is what the machine said
SENTENCES = {
    Trouble.NAME: (
        "us",
        "是我们这边：查不到平台的网址（{detail}）。请看本机能不能上网、DNS 填得对不对。",
        "Ours: the platform's name cannot be looked up ({detail}). Check this machine's network"
        " and its DNS server.",
    ),
    Trouble.NETWORK: (
        "line",
        "网络不通：连不上平台（{detail}）。先看本机能不能打开别的网站；能打开，就请平台管理员看一下。"
        "数据都在本机存着，通了会自动补发。",
        "The line: the platform cannot be reached ({detail}). If other sites open from here, ask"
        " the platform's operator. Everything is kept here and sent when the line is back.",
    ),
    Trouble.PROXY: (
        "us",
        "是我们这边：代理服务器不通或不认口令（{detail}）。"
        "请核对 agent.ini 里 [platform] 的 proxy。",
        "Ours: the proxy is away, or refuses its password ({detail}). Check proxy in [platform] of"
        " agent.ini.",
    ),
    Trouble.CERTIFICATE: (
        "us",
        "证书不对：平台的证书没通过检查（{detail}）。先看本机日期对不对；"
        "日期没错，请向平台管理员要 CA 证书，写在 agent.ini 的 ca_file。",
        "The certificate: the platform's was refused ({detail}). Check this machine's date first;"
        " then ask the operator for the CA file and name it as ca_file in agent.ini.",
    ),
    Trouble.PLATFORM: (
        "them",
        "是平台那边：平台忙或出了故障（{detail}）。不用处理，数据都存着，平台好了会自动补发。",
        "Theirs: the platform is busy or at fault ({detail}). Nothing to do: all is kept and sent"
        " when it is back.",
    ),
    Trouble.CREDENTIALS: (
        "us",
        "平台不认本机的凭据（{detail}）。可能是已被停用，或密钥换过。"
        "请找平台管理员要一个新的接入码，运行 xinglin-agent enrol。",
        "The platform refuses this system's credentials ({detail}): it was revoked, or the key was"
        " changed. Ask the operator for a new code and run xinglin-agent enrol.",
    ),
    Trouble.CLOCK: (
        "us",
        "是我们这边：本机时间不对，平台因此不认（{detail}）。请把时间校准，再看日期和时区。",
        "Ours: this machine's clock is off, and the platform refuses us for it ({detail}). Set the"
        " clock, the date and the time zone.",
    ),
    Trouble.SETTINGS: (
        "us",
        "是我们这边：设置不对（{detail}）。请改 agent.ini。",
        "Ours: a setting is wrong ({detail}). Mend agent.ini.",
    ),
    Trouble.RECEIPT: (
        "them",
        "回执对不上：平台给的回执签名或内容不对（{detail}）。数据留着没有删。可能有人在中间冒充平台，"
        "请马上告诉平台管理员。",
        "The receipt does not fit: its signature or content is wrong ({detail}). Nothing was"
        " dropped here. Somebody may stand in between: tell the platform's operator at once.",
    ),
    Trouble.DISK: (
        "us",
        "是我们这边：本机磁盘有问题（{detail}）。请清出空间或检查磁盘。",
        "Ours: this machine's disk ({detail}). Make room, or check the disk.",
    ),
}


def say_trouble(away: PlatformAway, language: str = "zh") -> str:
    _, zh, en = SENTENCES[away.trouble]
    return (zh if language == "zh" else en).format(detail=away.detail)


def whose_trouble(away: PlatformAway) -> str:
    """ "us", "them" or "line"."""
    return SENTENCES[away.trouble][0]
