"""Words are complete in both languages: each app keeps its own, what pages say has its Chinese, and
nothing stands in a catalogue that no page says.
"""

import ast
import gettext
import re
import shutil
from collections import Counter
from pathlib import Path

import django
import pytest
from django.utils import translation

from tests.support.catalogue import (
    APPS,
    TAKES_WORDS,
    CatalogueEntry,
    catalogue_path,
    extract_entries,
    read_entries,
)
from tests.support.sources import ROOT, SOURCES

# Words of Django that it has no Chinese for, and where it says them
DJANGO_WORDS = {
    "This password is too short. It must contain at least %d character.": (
        "contrib/auth/password_validation.py"
    ),
}
TRANSLATED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
needs_gettext = pytest.mark.skipif(
    not (shutil.which("xgettext") and shutil.which("msguniq")),
    reason="GNU gettext is not here (apt install gettext): .ci/run asks whether words are missing",
)
Key = tuple[str, str]  # context and text


def key_of(entry: CatalogueEntry) -> Key:
    return entry.context, entry.text


@pytest.fixture(scope="module")
def kept() -> dict[Key, str]:
    """{word: the app in whose catalogue it stands}."""
    entries = [(key_of(e), app) for app in APPS for e in read_entries(catalogue_path(app))]
    twice = [k for k, n in Counter(k for k, _app in entries).items() if n > 1]
    assert len(entries) > 1500 and not twice, f"each stands once: {twice}"
    return dict(entries)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[Key, CatalogueEntry]]:
    """{app: {word: its entry}}, of what code and templates ask for."""
    return {
        app: {key_of(e): e for e in extract_entries(ROOT / app, tmp_path_factory.mktemp(app))}
        for app in APPS
    }


@needs_gettext
def test_every_word_is_translated(
    kept: dict[Key, str], asked: dict[str, dict[Key, CatalogueEntry]]
) -> None:
    missing = [
        (app, text, entry.place)
        for place, app in enumerate(APPS)
        for (context, text), entry in asked[app].items()
        if kept.get((context, text)) not in APPS[: place + 1]
    ]
    assert not missing, "append them to the catalogue of the lowest app that says them, then msgfmt"


@needs_gettext
def test_no_word_is_kept_that_its_app_does_not_say(
    kept: dict[Key, str], asked: dict[str, dict[Key, CatalogueEntry]]
) -> None:
    unused = [
        (app, text)
        for (context, text), app in kept.items()
        if (context, text) not in asked[app] and text not in DJANGO_WORDS
    ]
    assert not unused, "remove them, or move them up to the lowest app that says them"
    folder = Path(django.__file__).parent
    assert all(text in (folder / at).read_text() for text, at in DJANGO_WORDS.items())


@needs_gettext
def test_plurals_are_those_of_the_code(asked: dict[str, dict[Key, CatalogueEntry]]) -> None:
    plurals = {k: e.plural for app in APPS for k, e in asked[app].items() if e.plural}
    written = {
        key_of(e): e.plural for app in APPS for e in read_entries(catalogue_path(app)) if e.plural
    }
    assert len(plurals) > 10
    assert plurals == {k: p for k, p in written.items() if k[1] not in DJANGO_WORDS}


@needs_gettext
def test_extraction_finds_words_wherever_they_stand(tmp_path: Path) -> None:
    source = tmp_path / "app"
    source.mkdir()
    calls = "\n".join(
        f'{name}({"None, " * (place - 1)}"words of {name}")' for name, place in TAKES_WORDS.items()
    )
    (source / "code.py").write_text(f'{calls}\nngettext("one", "many", 2)\n_("a" "b")\n')
    (source / "page.html").write_text(
        '{% trans "word" %}<a title="{% trans \'title\' %}">{% blocktrans trimmed %}\n  two\n'
        "  lines\n{% endblocktrans %}</a>"
    )
    found = {e.text: e.plural for e in extract_entries(source, tmp_path)}
    assert found == {f"words of {name}": "" for name in TAKES_WORDS} | {
        "one": "many",
        "ab": "",
        "word": "",
        "title": "",
        "two lines": "",
    }


def filled_too_early(source: Path) -> list[str]:
    """Words that are looked up with their values already in them."""
    return [
        f"{source.relative_to(ROOT)}:{part.lineno}"
        for call in ast.walk(ast.parse(source.read_text()))
        if isinstance(call, ast.Call)
        for name in [getattr(call.func, "attr", getattr(call.func, "id", ""))]
        if name in TRANSLATED or name in TAKES_WORDS
        for words in (
            call.args[:2]
            if name.startswith("ngettext")
            else call.args[TAKES_WORDS.get(name, 1) - 1 :][:1]
        )
        for part in ast.walk(words)
        if isinstance(part, ast.JoinedStr)
    ]


def test_words_are_looked_up_before_they_are_filled_in() -> None:
    found = [place for source in SOURCES for place in filled_too_early(source)]
    assert not found, "translate words with %(name)s, then fill them in"


def test_every_entry_says_something() -> None:
    entries = [e for app in APPS for e in read_entries(catalogue_path(app))]
    assert not [e for e in entries if not (e.translations and all(e.translations))]
    assert not [e for e in entries if "fuzzy" in e.flags]


def test_translations_keep_their_values() -> None:
    """%(name)s, %s and {name} of the words stand in the Chinese, too, and nothing else does: a
    page that is filled in never fails in one language alone.
    """

    def values(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", text))

    wrong = [
        (e.text, chinese)
        for app in APPS
        for e in read_entries(catalogue_path(app))
        for chinese in e.translations
        if values(chinese) != values(e.plural or e.text)
    ]
    assert not wrong


@pytest.mark.parametrize("app", APPS)
def test_the_translations_that_are_served_are_those_of_the_file(app: str) -> None:
    with catalogue_path(app).with_suffix(".mo").open("rb") as file:
        served = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    written = {
        (e.text, 0) if e.plural else e.text: e.translations[0]
        for e in read_entries(catalogue_path(app))
    }
    assert written == {text: chinese for text, chinese in served.items() if text}, "run msgfmt"


def test_our_words_come_before_those_of_libraries() -> None:
    def shown(e: CatalogueEntry) -> str:
        return (
            translation.ngettext(e.text, e.plural, 1) if e.plural else translation.gettext(e.text)
        )

    with translation.override("zh-hans"):
        lost = [
            e.text
            for app in APPS
            for e in read_entries(catalogue_path(app))
            if shown(e) != e.translations[0]
        ]
    assert not lost
