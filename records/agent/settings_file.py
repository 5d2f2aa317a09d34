"""Write lines of agent.ini and leave all others as they are, with their comments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Mapping

from .key_files import write_private
from .settings import FILE, decode_text

HEADER = """\
# xinglin-agent 的设置。改完保存即可；运行中的程序要重新启动才会读到。
# Settings of xinglin-agent; a program that runs reads them when it is started again.
"""


def write_settings(home: Path, section: str, values: Mapping[str, str]) -> None:
    """In UTF-8 with a mark that Notepad knows, for this account alone: a proxy has a password."""
    path = home / FILE
    text = decode_text(path.read_bytes()) if path.exists() else HEADER
    write_private(path, b"\xef\xbb\xbf" + put_values(text, section, values).encode())


def put_values(text: str, section: str, values: Mapping[str, str]) -> str:
    """The text with these values in the section, which is added where there is none. Pure."""
    lines, missing = text.splitlines(), dict(values)
    begin = next((i for i, line in enumerate(lines) if line.strip() == f"[{section}]"), None)
    if begin is None:
        lines += ["", f"[{section}]"]
        begin = len(lines) - 1
    end = next(
        (i for i in range(begin + 1, len(lines)) if lines[i].strip().startswith("[")), len(lines)
    )
    for i in range(begin + 1, end):
        name = re.split(r"[=:]", lines[i], maxsplit=1)[0].strip().lower()
        if name in missing:
            lines[i] = f"{name} = {missing.pop(name)}"
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    lines[end:end] = [f"{name} = {value}" for name, value in missing.items()]
    return "\n".join(lines) + "\n"
