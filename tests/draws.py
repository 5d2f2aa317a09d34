"""What tests draw: names, numbers, codes. Each test draws from a stream of its own, which its name
and XINGLIN_SEED begin, so that a test that passed passes again whatever ran before it; another
XINGLIN_SEED draws other things.
"""

import itertools
import os
import random
from collections.abc import Sequence
from typing import TypeVar

SEED = int(os.environ.get("XINGLIN_SEED", "1"))
STREAM = random.Random(os.urandom(16))  # for what is no test: benchmarks, chaos
NUMBER = itertools.count()
T = TypeVar("T")


def begin_stream(name: str) -> None:
    """What is drawn from now on is this test's."""
    STREAM.seed(f"{SEED} {name}")


def address(net: str) -> str:
    """An IPv4 address of the net ("10.77"), which no other test of this run has."""
    number = next(NUMBER)
    return f"{net}.{number // 250}.{1 + number % 250}"


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
