"""What tests draw: names, numbers, codes. Each test draws from a stream of its own, which its name
and XINGLIN_SEED begin, so that a test that passed passes again whatever ran before it; another
XINGLIN_SEED draws other things.
"""

import os
import random
from collections.abc import Sequence
from typing import TypeVar

SEED = int(os.environ.get("XINGLIN_SEED", "1"))
STREAM = random.Random(SEED)
T = TypeVar("T")


def begin_stream(name: str) -> None:
    """What is drawn from now on is this test's."""
    STREAM.seed(f"{SEED} {name}")


def choice(options: Sequence[T]) -> T:
    return STREAM.choice(options)


def sample(options: Sequence[T], size: int) -> list[T]:
    return STREAM.sample(options, size)


def randbelow(end: int) -> int:
    """One of 0 … end - 1."""
    return STREAM.randrange(end)


def token_hex(size: int) -> str:
    return STREAM.randbytes(size).hex()


def token_bytes(size: int) -> bytes:
    return STREAM.randbytes(size)
