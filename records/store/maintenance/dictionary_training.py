"""Train a compression dictionary on this installation's own records, and keep it where it is
worth it.
"""

import random
from dataclasses import dataclass

import zstandard
from django.db import connection, transaction

from records.store import dictionaries, keys
from records.store.codec import LEVEL, get_compressor, strip_row_columns
from records.store.maintenance.reencode_rows import sample_bodies

DICTIONARY_BYTES = 112_640  # bytes, as zstd recommends
FEWEST_SAMPLES = 1000  # records from which something can be learnt
LARGEST_SAMPLE = 64 * 1024  # bytes of a record that is worth learning from
WORTHWHILE_RATIO = 0.97  # what a new dictionary must come down to, of the bytes of the one in use


@dataclass(frozen=True, slots=True)
class TrainedDictionary:
    """version: None where it was not worth keeping; before, after: mean bytes of records that it
    has not seen.
    """

    version: int | None
    samples: int
    before: float
    after: float


def train_on_sample(most: int, seed: int = 1) -> TrainedDictionary | None:
    """None where there are too few records."""
    bodies = [strip_row_columns(*b) for b in sample_bodies(most)]
    bodies = [b for b in bodies if len(b) <= LARGEST_SAMPLE]
    if len(bodies) < FEWEST_SAMPLES:
        return None
    random.Random(seed).shuffle(bodies)  # noqa: S311
    held = len(bodies) // 5
    learnt = zstandard.train_dictionary(DICTIONARY_BYTES, bodies[held:])
    using = zstandard.ZstdCompressor(
        level=LEVEL, dict_data=learnt, write_checksum=False, write_dict_id=False
    )
    before, after = (
        sum(len(c.compress(b)) for b in bodies[:held]) / held
        for c in (get_compressor(dictionaries.get_current_dictionary()), using)
    )
    return TrainedDictionary(
        (
            insert_dictionary(learnt.as_bytes(), len(bodies))
            if after < WORTHWHILE_RATIO * before
            else None
        ),
        len(bodies),
        before,
        after,
    )


@transaction.atomic
def insert_dictionary(content: bytes, samples: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE record_dictionary IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(
            "SELECT coalesce(max(version) + 1, %s) FROM record_dictionary",
            [dictionaries.FIRST_TRAINED],
        )
        version = int(cursor.fetchone()[0])
        cursor.execute(
            "INSERT INTO record_dictionary (version, content, samples) VALUES (%s, %s, %s)",
            [
                version,
                keys.wrap_key(keys.load_master_keys()[-1], content, f"dictionary/{version}"),
                samples,
            ],
        )
    return version
