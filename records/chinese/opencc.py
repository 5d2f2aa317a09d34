"""Make opencc.txt from a dictionary of OpenCC (BYVoid/OpenCC, Apache-2.0): python -m
records.chinese.opencc data/dictionary/TSCharacters.txt 1.4.1

Of several simplified forms the first is taken, which OpenCC calls the usual one. A character that
stays as it is has no entry.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from records.chinese.simplify import HERE

IN_A_LINE = 40


def list_character_pairs(dictionary: Iterable[str]) -> list[str]:
    """Lines "traditional TAB simplified simplified …", as pairs of two characters in the order
    of Unicode.

    What is itself the simplified form of another stays as it is (薴 is 苧, and 苧 no 苎), so that
    simplifying twice changes nothing.
    """
    entries = (
        line.rstrip("\n").split("\t")
        for line in dictionary
        if line.strip() and not line.startswith("#")
    )
    found = [(traditional, forms.split()[0]) for traditional, forms in entries]
    results = {b for a, b in found if a != b}
    return sorted(a + b for a, b in found if a != b and len(a) == len(b) == 1 and a not in results)


def main(dictionary: str, version: str) -> None:
    made = list_character_pairs(Path(dictionary).read_text(encoding="utf-8").splitlines())
    head = (
        "# Traditional and simplified characters. Made by records/chinese/opencc.py from"
        f" TSCharacters.txt of OpenCC {version} (Apache License 2.0; see NOTICE).\n"
    )
    lines = (" ".join(made[i : i + IN_A_LINE]) for i in range(0, len(made), IN_A_LINE))
    (HERE / "opencc.txt").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
