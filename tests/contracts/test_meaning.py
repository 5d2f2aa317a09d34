"""docs/implementation/meaning.md shows the tables of the code. `python -m
tests.contracts.test_meaning` writes them there.
"""

import re
from pathlib import Path

from django.utils.translation import override

from records.meaning.resource_facts import FACTS
from records.meaning.states import MISSING, STATES

PAGE = Path(__file__).resolve().parents[2] / "docs/implementation/meaning.md"
BLOCK = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.S)


def table() -> str:
    """One row for each element whose codes change what a resource says; then what is said beside
    it.
    """
    rows = ["| type | element | code: what it says (words in the page) |", "|---|---|---|"]
    with override("en"):
        for kind, elements in STATES.items():
            for element, codes in elements.items():
                told = [
                    f"{code}: {word.sense}"
                    + (f" ({word.text}{', loud' if word.loud else ''})" if word.text else "")
                    for code, word in codes.items()
                ]
                missing = MISSING.get(kind, {}).get(element)
                told += [f"*missing*: {missing.sense} ({missing.text})"] if missing else []
                rows.append(f"| {kind} | {element} | {'; '.join(told)} |")
        rows += ["", "| type | said beside the name |", "|---|---|"]
        rows += [
            f"| {kind} | {', '.join(path for path, _words in facts)} |"
            for kind, facts in FACTS.items()
        ]
    return "\n".join(rows) + "\n"


def test_the_page_shows_the_tables_of_the_code() -> None:
    found = BLOCK.search(PAGE.read_text())
    assert found and found.group() == table(), "run: python -m tests.contracts.test_meaning"


def write() -> None:
    PAGE.write_text(BLOCK.sub(lambda _m: table(), PAGE.read_text()))


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    django.setup()
    write()
