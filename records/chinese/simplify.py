"""Traditional characters, and variants of others, in the simplified form that the mainland
writes. One by one: what stands beside a character changes nothing. Pure.
"""

from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def load_character_table() -> dict[int, str]:
    """As str.translate takes it. opencc.txt: the traditional ones, made by opencc.py.
    variants.txt: the project's own, and stronger.
    """
    pairs = [
        pair
        for name in ("opencc.txt", "variants.txt")
        for line in (HERE / name).read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
        for pair in line.split()
    ]
    return {ord(pair[0]): pair[1:] for pair in pairs}


def simplify_chinese(text: str) -> str:
    """程式 becomes 程式, never 程序: characters change, words do not."""
    return text.translate(load_character_table())
