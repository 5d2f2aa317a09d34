"""The walls on one screen, or as JSON; also where the settings are such that nothing else starts."""

import json
import sys

from alliance.config.environment import StartRefused
from alliance.config.walls import Wall, as_object


def told(walls: list[Wall], as_json: bool) -> str:
    if as_json:
        return json.dumps(as_object(walls), ensure_ascii=False, indent=1)
    lines = []
    for w in walls:
        lines.append(f"{'ok   ' if w.ok else 'WRONG'}  {w.wall:14} {w.says}")
        if w.mend:
            lines.append(f"{'mend:':>21} {w.mend}")
    wrong = sum(not w.ok for w in walls)
    return "\n".join([*lines, "", f"{wrong} of {len(walls)} walls {'does' if wrong == 1 else 'do'} not stand." if wrong else f"All {len(walls)} walls stand."])


def refused(refusal: StartRefused, arguments: list[str]) -> int:
    """`manage.py doctor` where Django cannot start; the exit code."""
    sys.stdout.write(told([Wall("settings", False, str(refusal), "docs/how-to/configure.md")], "--json" in arguments) + "\n")
    return 1
