"""What a resource says of the patient in one word, and the marks that stand beside its name on a
page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

Words = object  # a text, or a lazy translation: str() puts it into the reader's language


class Sense(StrEnum):
    """CURRENT: holds now, has happened, is a result. PAST: held once. PROPOSED: nobody has
    ordered it. UNCERTAIN: suspected, or its state is not known. NEGATIVE: is not, was not given,
    did not happen. UNASKED: nobody asked, so nothing is known. FORBIDDEN: must not be given. VOID:
    taken back, no statement about the patient.
    """

    CURRENT = "current"
    UNCERTAIN = "uncertain"
    PAST = "past"
    PROPOSED = "proposed"
    FORBIDDEN = "forbidden"
    NEGATIVE = "negative"
    UNASKED = "unasked"
    VOID = "void"


HOLDS = frozenset(
    {Sense.CURRENT, Sense.UNCERTAIN, Sense.PROPOSED, Sense.PAST}
)  # said of something that is, may be, shall be or was
STRENGTH = {sense: rank for rank, sense in enumerate(Sense)}


@dataclass(frozen=True, slots=True)
class StateWord:
    """What one code of one element says; text: "" where it is the ordinary case, which needs no
    word; loud: nobody may overlook it.
    """

    sense: Sense
    text: Words = ""
    loud: bool = False


@dataclass(frozen=True, slots=True)
class ReadingMark:
    """A short word beside a name."""

    text: str
    loud: bool = False


@dataclass(frozen=True, slots=True)
class ReadingNote:
    """A comment that somebody wrote; by: author and time, as far as they are told."""

    text: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class ResourceReading:
    """What may be shown of a resource. hidden: it carries something that is not understood, so
    nothing else of it may be shown. facts: phrases beside the name; text: a longer passage; danger:
    a small number for what can harm most; code: the first that names it.
    """

    title: str
    sense: Sense = Sense.CURRENT
    marks: tuple[ReadingMark, ...] = ()
    facts: tuple[str, ...] = ()
    notes: tuple[ReadingNote, ...] = ()
    text: str = ""
    code: str = ""
    hidden: bool = False
    danger: tuple[int, ...] = ()

    @property
    def loud(self) -> bool:
        return any(m.loud for m in self.marks)


def combine_senses(senses: Iterable[Sense]) -> Sense:
    """The one that counts of several: a plan or a prohibition that has ended is past, otherwise
    the strongest.
    """
    found = set(senses) or {Sense.CURRENT}
    if Sense.PAST in found:
        found -= {Sense.PROPOSED, Sense.FORBIDDEN}
    return max(found, key=STRENGTH.__getitem__)
