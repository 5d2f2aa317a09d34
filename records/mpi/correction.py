"""A citizen number that a human has put right: the hospital's own record stays as it was sent, the index compares and finds by the right one."""

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import Self

from django.db import connection

from records.models import Claim, MatchKey, PatientIdentifier, SourcePatient
from records.mpi.digest import digest
from records.mpi.features import Identified
from records.mpi.profile import Words, profile
from records.mpi.rules import paper, resident_number
from records.mpi.sealed import cipher, kept, unseal


@dataclass(frozen=True, slots=True)
class Correction:
    """wrong: the number that was sent, "" for none; right: the patient's own, "" where it is not known."""

    wrong: str
    right: str

    @classmethod
    def of(cls, source: int, right: str) -> Self:
        """Of what the registration says now. Raises NotANumber."""
        words = unseal(bytes(SourcePatient.objects.get(pk=source).words or b""), source)
        return cls(paper.citizen(words.number), resident_number.normal(right) if right else "")

    @classmethod
    def opened(cls, sealed: bytes, source: int) -> Self:
        return cls(**json.loads(cipher().decrypt(bytes(sealed[:12]), bytes(sealed[12:]), f"number|{source}".encode())))

    def sealed(self, source: int) -> bytes:
        nonce = os.urandom(12)
        return nonce + cipher().encrypt(nonce, json.dumps(asdict(self)).encode(), f"number|{source}".encode())

    def words(self, sent: Words) -> Words:
        """Only while the hospital sends what was wrong: a number that it has put right itself counts."""
        return replace(sent, number=self.right) if paper.citizen(sent.number) == self.wrong else sent

    def identified(self, known: Identified) -> Identified:
        if known.features.number != self.wrong:
            return known
        kept = tuple(("former", system, value) if kind == "resident" and value == self.wrong else (kind, system, value) for kind, system, value in known.identifiers)
        own = (("resident", resident_number.SYSTEM, self.right),) if self.right else ()
        return replace(known, features=replace(known.features, number=self.right), identifiers=kept + own)


def corrected(words: Words, correction: bytes | None, source: int) -> Words:
    return Correction.opened(correction, source).words(words) if correction else words


def read(sealed: bytes, source: int, correction: bytes | None = None) -> Words:
    """The words of a registration as the index compares them."""
    return corrected(unseal(sealed, source), correction, source)


def renumber(source: int) -> None:
    """The numbers by which a registration is found, and its blocks, as its correction has them."""
    row = SourcePatient.objects.get(pk=source)
    sent = unseal(bytes(row.words or b""), source)
    wrong, now = paper.citizen(sent.number), corrected(sent, row.correction, source)
    own = paper.citizen(now.number)
    every = {wrong, own} | {Correction.opened(c, source).right for c in Claim.objects.filter(one=source, kind=Claim.Kind.NUMBER).values_list("value", flat=True)} - {""}
    hashes = [digest(kind, n) for n in every for kind in ("resident", "other")]
    PatientIdentifier.objects.filter(source=source, digest__in=hashes).delete()
    rows = [(kind, digest(kind, own)) for kind in ("resident", "other") if own]
    rows += [("former", digest(kind, wrong)) for kind in ("resident", "other") if wrong and wrong != own]
    PatientIdentifier.objects.bulk_create([PatientIdentifier(source_id=source, kind=kind, digest=d) for kind, d in rows])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM records_matchkey WHERE source_id = %s", [source])
    MatchKey.objects.bulk_create([MatchKey(source_id=source, key=k) for k in kept(profile(now))])
