"""A Patient that was just stored, in the words of the index: as they were sent, as they are kept and as they are compared."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from records.mpi.correction import Correction, corrected
from records.mpi.features import FORMER, Identified
from records.mpi.profile import Profile, Words, profile
from records.mpi.sealed import hashed, mark_of, opened, unseal
from records.mpi.sources import Known


@dataclass(slots=True)
class Arrival:
    """A Patient that was just stored; place: its FHIRPath in a bundle, for messages."""

    source: Known
    patient: dict[str, Any]
    place: str = ""


@dataclass
class News:
    """An arrival in the words of the index, as they were sent. any: whether these are others than the index has."""

    arrival: Arrival
    sent: Identified
    words: Words

    @property
    def id(self) -> int:
        """The row of the index."""
        return self.arrival.source.id

    @property
    def person(self) -> UUID:
        """His when the write began."""
        return self.arrival.source.person

    @property
    def renewed(self) -> bool:
        return self.arrival.source.words is not None

    @property
    def mark(self) -> str:
        return mark_of(self.sent, replace(self.words, registered=""))

    @cached_property
    def seen(self) -> Words:
        """As they are compared."""
        return corrected(self.kept, self.arrival.source.correction, self.id)

    @cached_property
    def kept(self) -> Words:
        """With the names that he had when he was sent before."""
        source = self.arrival.source
        if source.words is None:
            return self.words
        before = unseal(source.words, source.id)
        former = dict.fromkeys(n for n in (*self.words.former, before.name, *before.former) if n and n != self.words.name)
        return replace(self.words, former=tuple(former)[:FORMER])

    @cached_property
    def profile(self) -> Profile:
        return profile(self.seen, str(self.id))

    @cached_property
    def blocks(self) -> list[int]:
        return hashed(self.profile)

    @property
    def known(self) -> Identified:
        """As he is found."""
        source = self.arrival.source
        return Correction.opened(source.correction, source.id).identified(self.sent) if source.correction else self.sent

    @property
    def any(self) -> bool:
        source = self.arrival.source
        return source.words is None or opened(source.words, source.id)[1] != self.mark
