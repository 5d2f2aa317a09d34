"""Chinese sentences carry full-width punctuation (GB/T 15834-2011): no half-width colon, full
stop or semicolon stands right after a Chinese word, in the catalogues or where a template or an
f-string puts a sign behind words in the reader's language.
"""

import re

from tests.support.catalogue import APPS, catalogue_path, read_entries
from tests.support.sources import SOURCES, TEMPLATES

AFTER_CHINESE = re.compile(r"[\u3400-\u9fff）」』”》％][:;.?!]")
BLOCKS = re.compile(
    r"\{% (?:blocktrans|comment).*?\{% end(?:blocktrans|comment) %\}", re.S
)  # sentences of their own, in the catalogue
AFTER_WORDS = re.compile(r"(?:%\}|\}\})(?:</?[a-z]+(?:\s[^>]*)?>)*[:;.?!](?=[\s<{]|$)", re.M)
HALF_BRACKETS = re.compile(
    r"(?<!translate)\((?:\{\{|\{% trans)"
)  # bracketed and bracket_words write the reader's own
AFTER_GETTEXT = re.compile(r"\{(?:_|gettext)\([^{}]*\)\}[:;,.?!]")


def misplaced(template: str) -> list[str]:
    """Half-width signs that stand right behind something in the reader's language."""
    return AFTER_WORDS.findall(BLOCKS.sub("", template))


def list_translations() -> list[str]:
    return [
        chinese
        for app in APPS
        for entry in read_entries(catalogue_path(app))
        for chinese in entry.translations
    ]


def test_no_translation_has_a_half_width_sign_after_chinese() -> None:
    found = list_translations()
    assert len(found) > 1000 and not [t for t in found if AFTER_CHINESE.search(t)]


def test_no_template_puts_a_half_width_sign_behind_words() -> None:
    assert len(TEMPLATES) > 80 and not {
        p.name: found for p in TEMPLATES if (found := misplaced(p.read_text()))
    }


def list_half_brackets(template: str) -> list[str]:
    return HALF_BRACKETS.findall(BLOCKS.sub("", template))


def test_no_template_puts_words_in_half_width_brackets() -> None:
    assert not {p.name: found for p in TEMPLATES if (found := list_half_brackets(p.read_text()))}


def test_no_line_of_code_puts_a_half_width_sign_behind_words() -> None:
    assert not {p.name: found for p in SOURCES if (found := AFTER_GETTEXT.findall(p.read_text()))}


def test_the_control() -> None:
    assert AFTER_CHINESE.search("理由: %(why)s") and not AFTER_CHINESE.search(
        "理由：%(why)s 3.5 mg"
    )
    assert (
        misplaced('{% trans "Reason" %}: {{ why }}')
        and misplaced("<b>{{ name }}</b>. Next")
        and AFTER_GETTEXT.search("f\"{_('Reason')}: {why}\"")
    )
    assert list_half_brackets("<b>{{ name }}</b> ({{ age }})") and not list_half_brackets(
        "{{ name }}{{ age|bracketed }}"
    )
    assert not misplaced('{% trans "Reason" %}{% trans ": " %}{{ why }}') and not misplaced(
        "{% blocktrans %}Reason: {{ why }}{% endblocktrans %}"
    )
