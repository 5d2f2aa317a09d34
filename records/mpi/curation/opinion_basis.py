"""What a curator's opinion on a pair is based on: both registrations as they are, and all others
of their two persons.
"""

import hashlib

from records.models import Review, SourcePatient
from records.mpi.index.claim_settlement import load_affected


def digest_opinion_basis(review_id: int, lock: bool = False) -> str:
    """A digest that is another one as soon as any of it is another: words, corrections, seen
    cards, who is one person with whom, the round of opinions. lock: until the end of the
    transaction nothing of it changes. A page takes it before it reads what it shows. Raises
    Review.DoesNotExist.
    """
    one_id, two_id, round_number = Review.objects.values_list("one_id", "two_id", "round").get(
        pk=review_id
    )
    affected = load_affected({one_id, two_id}, lock=lock)
    persons = {affected.persons[i] for i in (one_id, two_id)}
    rows = (
        SourcePatient.objects.filter(person_id__in=persons)
        .order_by("pk")
        .values_list("pk", "person_id", "confirmed", "words", "correction")
    )
    basis = [
        (pk, str(person_id), confirmed, bytes_or_none(words), bytes_or_none(correction))
        for pk, person_id, confirmed, words, correction in rows
    ]
    return hashlib.sha256(repr((round_number, basis)).encode()).hexdigest()[:32]


def bytes_or_none(stored: bytes | memoryview | None) -> bytes | None:
    """None for what the index does not have: never equal to anything that it has, nor to what it
    has of somebody who said nothing.
    """
    return None if stored is None else bytes(stored)
