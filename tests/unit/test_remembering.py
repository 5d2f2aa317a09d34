"""What is remembered is what a function says; long texts are not kept."""

from alliance.platform.remembering import LONGEST_KEPT, remember_short


def test_a_short_text_is_read_once_and_a_long_one_each_time() -> None:
    read: list[str] = []

    @remember_short
    def double(text: str, sign: str = "") -> str:
        read.append(text)
        return text + text + sign

    short, long = "a", "b" * (LONGEST_KEPT + 1)
    assert [double(short), double(short), double(short, "!")] == ["aa", "aa", "aa!"]
    assert read == [short, short], "the second with a sign is another"
    assert double(long) == double(long) == long * 2 and read.count(long) == 2


def test_what_is_refused_is_refused_each_time() -> None:
    @remember_short
    def number(text: str) -> int:
        return int(text)

    for _ in range(2):
        try:
            number("x")
        except ValueError:
            continue
        raise AssertionError("it was taken")
    assert number("3") == 3, "the control"
