"""What axe, and a check of our own, find wrong on a page for who hears it or sees it weakly."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
DECORATION = {"exclude": [[".water"]]}  # the mark behind a page, which nobody has to read
CHECK = (Path(__file__).with_name("accessible.js")).read_text()


def list_faults(page: Any) -> list[str]:
    """What our own check and axe find on the page that is open."""
    found = Axe().run(page, DECORATION, AXE_RULES).response["violations"]
    return page.evaluate(CHECK) + [
        f"{v['id']}: {v['help']}: {n['html'][:200]}" for v in found for n in v["nodes"][:3]
    ]
