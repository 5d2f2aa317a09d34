"""Sentences of the status end where a sentence ends; the help speaks the clerk's language."""

import pytest

from records.agent.cli import main
from records.agent.status_words import end_sentence, say_when


def test_the_time_stands_inside_of_the_sentence() -> None:
    assert say_when("全部一致。", "刚才", "zh") == "全部一致（刚才）。"
    assert say_when("All agree.", "just now", "en") == "All agree (just now)."


def test_the_platforms_words_get_their_full_stop_once() -> None:
    assert end_sentence("还没有收到", "zh") == "还没有收到。"
    assert end_sentence("还没有收到。", "zh") == "还没有收到。"
    assert end_sentence("Mend it", "en") == "Mend it."
    assert end_sentence("", "zh") == ""


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "把待发的发一遍"), ("en", "Send what waits")]
)
def test_the_help_speaks_the_language_that_was_named(
    capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    with pytest.raises(SystemExit):
        main(["--language", language, "--help"])
    assert said in capsys.readouterr().out
