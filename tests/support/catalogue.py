"""The words of the site: each app's django.po as people edit it (GNU gettext, PO files), and what
its code and templates ask for, as Django's `makemessages` finds it.
"""

import ast
import contextlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.core.management.commands import makemessages
from django.test import override_settings

from tests.support.sources import ROOT

APPS = ("alliance", "consent", "records")  # each uses the words of those before it, too
# who takes English words in place of a translation, which stay English for systems and become the
# reader's on pages: the place of the words among the arguments
TAKES_WORDS = {
    "AlreadyDone": 2,
    "Forbidden": 2,
    "PairChanged": 2,
    "Undecidable": 2,
    "check_not_oneself": 3,
    "check_permission": 3,
}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """place: of what was extracted, a file that asks for it; plural: "" where there is none."""

    text: str
    context: str
    plural: str
    translations: tuple[str, ...]
    flags: str
    place: str


def catalogue_path(app: str) -> Path:
    return ROOT / app / "locale/zh_Hans/LC_MESSAGES/django.po"


def read_entries(path: Path) -> list[CatalogueEntry]:
    """All entries but the head, which is that of the empty text."""
    found = []
    for block in re.split(r"\n{2,}", path.read_text().strip()):
        values: dict[str, str] = {}
        comments = {"#,": "", "#:": ""}
        key = ""
        for line in block.splitlines():
            if m := re.match(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")$', line):
                key = m[1]
                assert key not in values, f"{path}: an empty line is missing before {line}"
                values[key] = ast.literal_eval(m[2])
            elif line.startswith('"'):
                values[key] += ast.literal_eval(line)
            elif line[:2] in comments:
                comments[line[:2]] += line[2:]
        if values.get("msgid"):
            found.append(
                CatalogueEntry(
                    values["msgid"],
                    values.get("msgctxt", ""),
                    values.get("msgid_plural", ""),
                    tuple(v for k, v in values.items() if k.startswith("msgstr")),
                    comments["#,"].strip(),
                    comments["#:"].strip(),
                )
            )
    return found


class WordExtraction(makemessages.Command):
    xgettext_options = [
        *makemessages.Command.xgettext_options,
        *(f"--keyword={name}:{place}" for name, place in TAKES_WORDS.items()),
    ]


def extract_entries(source: Path, folder: Path) -> list[CatalogueEntry]:
    """What an app asks for, from a copy of it in an empty folder: `makemessages` writes beside
    what it reads. Needs xgettext and msguniq.
    """
    shutil.copytree(
        source,
        folder / "source",
        ignore=lambda at, names: [
            n
            for n in names
            if n in ("locale", "migrations", "static", "__pycache__")
            or not (Path(at, n).is_dir() or n.endswith((".py", ".html", ".txt")))
        ],
    )
    (folder / "source/locale").mkdir()
    with contextlib.chdir(folder / "source"), override_settings(LOCALE_PATHS=[]):
        call_command(WordExtraction(), all=True, keep_pot=True, verbosity=0)
    return read_entries(folder / "source/locale/django.pot")
