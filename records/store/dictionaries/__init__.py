"""Compression dictionaries: those that a release brings (below 100, files of this folder) and
those trained on an installation's own records (rows of record_dictionary, wrapped like keys, for
they hold pieces of records).
"""

import threading
import time
from pathlib import Path

import zstandard

from records.store import keys

RELEASE_DICTIONARY = 1
FIRST_TRAINED = 100

lock = threading.Lock()
known: dict[int, zstandard.ZstdCompressionDict] = {}
newest: list[float] = [RELEASE_DICTIONARY, 0.0]  # version, until when it is believed


def get_current_dictionary() -> int:
    """The version that new bodies are packed with."""
    if newest[1] < time.monotonic():
        with lock, keys.separate_connection() as cursor:
            cursor.execute("SELECT max(version) FROM record_dictionary")
            newest[:] = [
                cursor.fetchone()[0] or RELEASE_DICTIONARY,
                time.monotonic() + keys.BELIEVED_SECONDS,
            ]
    return int(newest[0])


def load_dictionary(version: int) -> zstandard.ZstdCompressionDict:
    """Raises keys.NoKey."""
    if version not in known:
        if version < FIRST_TRAINED:
            raw = (Path(__file__).parent / f"{version}.zdict").read_bytes()
        else:
            with keys.separate_connection() as cursor:
                cursor.execute(
                    "SELECT content FROM record_dictionary WHERE version = %s", [version]
                )
                row = cursor.fetchone()
            if row is None:
                raise keys.KeyNotFound(
                    f"the database has no dictionary {version}: it is a row of record_dictionary,"
                    " which every backup holds"
                )
            raw = keys.unwrap_key(row[0], f"dictionary/{version}")
        known[version] = zstandard.ZstdCompressionDict(raw)
    return known[version]
