"""What a curator's opinion on a pair is based on: both registrations as they are, and all others of their two persons."""

import hashlib

from records.models import Review, SourcePatient
from records.mpi.settle import around


def basis_of(review_id: int, lock: bool = False) -> str:
    """A digest that is another one as soon as any of it is another: words, corrections, seen cards, who is one person with whom, the round of opinions. lock: until
    the end of the transaction nothing of it changes. A page takes it before it reads what it shows. Raises Review.DoesNotExist."""
    one, two, turn = Review.objects.values_list("one_id", "two_id", "round").get(pk=review_id)
    found = around({one, two}, lock=lock)
    persons = {found.persons[i] for i in (one, two)}
    rows = SourcePatient.objects.filter(person_id__in=persons).order_by("pk").values_list("pk", "person_id", "confirmed", "words", "correction")
    said = [(pk, str(person), confirmed, known(words), known(correction)) for pk, person, confirmed, words, correction in rows]
    return hashlib.sha256(repr((turn, said)).encode()).hexdigest()[:32]


def known(sealed: bytes | memoryview | None) -> bytes | None:
    """None for what the index does not have: never equal to anything that it has, nor to what it has of somebody who said nothing."""
    return None if sealed is None else bytes(sealed)
