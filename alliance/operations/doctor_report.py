"""The walls on one screen, or as JSON; also where the settings are such that nothing else
starts.
"""

import json
import sys

from alliance.operations.inspection import Inspection
from alliance.operations.inspections import report_from_inspections
from alliance.platform.environment import StartRefused


def format_inspections(walls: list[Inspection], as_json: bool) -> str:
    if as_json:
        return json.dumps(report_from_inspections(walls), ensure_ascii=False, indent=1)
    lines = []
    for w in walls:
        lines.append(f"{'look ' if w.look else 'ok   ' if w.ok else 'WRONG'}  {w.wall:14} {w.says}")
        if w.mend:
            lines.append(f"{'look:' if w.look else 'mend:':>21} {w.mend}")
    wrong = sum(not w.ok for w in walls)
    return "\n".join(
        [
            *lines,
            "",
            (
                f"{wrong} of {len(walls)} walls {'does' if wrong == 1 else 'do'} not stand."
                if wrong
                else f"All {len(walls)} walls stand."
            ),
        ]
    )


def print_settings_refusal(refusal: StartRefused, arguments: list[str]) -> int:
    """`manage.py doctor` where Django cannot start; the exit code."""
    sys.stdout.write(
        format_inspections(
            [Inspection("settings", False, str(refusal), "docs/how-to/configure.md")],
            "--json" in arguments,
        )
        + "\n"
    )
    return 1
