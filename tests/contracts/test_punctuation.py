"""Chinese sentences carry full-width punctuation (GB/T 15834-2011): no half-width colon, full stop or semicolon stands right after a Chinese word, in the
catalogue or where a template or an f-string puts a sign behind words in the reader's language."""

import re

from tests.contracts.test_only_door import ROOT, SOURCES

CATALOGUE = ROOT / "alliance/config/locale/zh_Hans/LC_MESSAGES/django.po"
AFTER_CHINESE = re.compile(r"[\u3400-\u9fff）」』”》％][:;.?!]")
BLOCKS = re.compile(r"\{% (?:blocktrans|comment).*?\{% end(?:blocktrans|comment) %\}", re.S)  # sentences of their own, in the catalogue
AFTER_WORDS = re.compile(r"(?:%\}|\}\})(?:</?[a-z]+(?: [^>]*)?>)*[:;.?!](?=[\s<{]|$)", re.M)
AFTER_GETTEXT = re.compile(r"\{(?:_|gettext)\([^{}]*\)\}[:;,.?!]")


def misplaced(template: str) -> list[str]:
    """Half-width signs that stand right behind something in the reader's language."""
    return AFTER_WORDS.findall(BLOCKS.sub("", template))


def catalogue() -> list[str]:
    """Every translation, lines joined."""
    found = re.findall(r'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\s*)+)', CATALOGUE.read_text(), re.M)
    return ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)) for text in found]


def test_no_translation_has_a_half_width_sign_after_chinese() -> None:
    assert len(catalogue()) > 1000 and not [t for t in catalogue() if AFTER_CHINESE.search(t)]


def test_no_template_puts_a_half_width_sign_behind_words() -> None:
    pages = sorted((ROOT / "alliance/web/templates").rglob("*.html"))
    assert len(pages) > 80 and not {p.name: found for p in pages if (found := misplaced(p.read_text()))}


def test_no_line_of_code_puts_a_half_width_sign_behind_words() -> None:
    assert not {p.name: found for p in SOURCES if (found := AFTER_GETTEXT.findall(p.read_text()))}


def test_the_control() -> None:
    assert AFTER_CHINESE.search("理由: %(why)s") and not AFTER_CHINESE.search("理由：%(why)s 3.5 mg")
    assert misplaced('{% trans "Reason" %}: {{ why }}') and misplaced("<b>{{ name }}</b>. Next") and AFTER_GETTEXT.search('f"{_(\'Reason\')}: {why}"')
    assert not misplaced('{% trans "Reason" %}{% trans ": " %}{{ why }}') and not misplaced("{% blocktrans %}Reason: {{ why }}{% endblocktrans %}")
