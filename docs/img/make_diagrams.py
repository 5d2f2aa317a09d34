"""make diagrams: draw each docs/img/*.dot as an SVG with Graphviz, and note of which text it is
drawn.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def draw(text: Path) -> str:
    """The SVG, without the date and version of the program, as wide as its page."""
    svg = subprocess.check_output(["dot", "-Tsvg", text], text=True)
    svg = re.sub(r"<!-- (Generated|Title|Pages).*?-->\n", "", svg, flags=re.S)
    digest = hashlib.sha256(text.read_bytes()).hexdigest()
    return svg.replace(
        "<svg ",
        f"<!-- drawn by `make diagrams` from {text.name}, source sha256 {digest} -->\n<svg ",
        1,
    )


def main() -> None:
    if not shutil.which("dot"):
        sys.exit("Graphviz is not here: on Debian and Ubuntu, apt install graphviz")
    for text in sorted(FOLDER.glob("*.dot")):
        text.with_suffix(".svg").write_text(draw(text))
        print(text.with_suffix(".svg").name)


if __name__ == "__main__":
    main()
