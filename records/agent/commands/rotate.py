"""Replace this machine's key; the one before ends an hour later."""

from __future__ import annotations

import argparse
import sys

from ..context import open_context
from ..enrolment import EnrolmentFault, replace_key

REFUSED = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(arguments: argparse.Namespace) -> int:
    zh = arguments.language == "zh"
    context = open_context(arguments.home, arguments.language)
    try:
        if context.settings.get("platform", "secret", fallback="").strip():
            raise EnrolmentFault(
                "本机用的是口令（secret），没有密钥可换。请向管理员要一个接入码，重新接入。",
                "This system has a secret, and no key. Ask the administrator for a code, and enrol"
                " it anew.",
            )
        end = replace_key(context.platform, context.home, context.settings.get("platform", "key"))
        context.platform.send("GET", f"/fhir/{context.platform.hospital}/metadata")
    except EnrolmentFault as fault:
        print(fault.words[arguments.language], file=sys.stderr)
        return REFUSED
    finally:
        context.close()
    print(
        f"密钥已换，新密钥试过，能用。旧密钥到 {end} 失效（世界时）。"
        if zh
        else f"The key was replaced, and the new one works. The old one ends at {end}."
    )
    return 0
