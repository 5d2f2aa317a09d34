"""The local codes of one hospital as its clerks may see them: ranked by how many records wait.
Whoever decides about codes reads no records: a code that fewer than FEWEST patients have is not
listed, unless somebody has named it in a table, and no count or value of it is shown; that it came
at all could tell of one of them (docs/adr/0068).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Sum, When

from records.mapping.code_names import fold_name, initials_of, pinyin_of
from records.mapping.kinds import KINDS, MappingKind
from records.mapping.value_profile import FEWEST, ValueProfile, read_profile
from records.models import CodeMapping, LocalCode

STATES = ("waiting", "proposed", "mapped", "all")
NAMED = Exists(CodeMapping.objects.filter(code=OuterRef("pk")))
SHOWABLE = Q(patients__gte=FEWEST) | NAMED


@dataclass(frozen=True, slots=True)
class KindFigures:
    """codes: that wait; records: in which these stand, of those whose counts may be shown."""

    kind: MappingKind
    codes: int
    records: int


@dataclass(frozen=True, slots=True)
class ShownCode:
    """records: None where they are of too few patients to be told; profile: empty then."""

    row: LocalCode
    records: int | None
    profile: ValueProfile


def query_ranked_codes(hospital_id: int, kind: MappingKind, state: str) -> QuerySet[LocalCode]:
    """Those of few patients last."""
    found = LocalCode.objects.filter(hospital_id=hospital_id, kind=kind).filter(SHOWABLE)
    proposed = CodeMapping.objects.filter(code=OuterRef("pk"), state=CodeMapping.State.PROPOSED)
    match state:
        case "waiting":
            found = found.filter(waiting=True)
        case "proposed":
            found = found.filter(Exists(proposed))
        case "mapped":
            found = found.filter(waiting=False)
    told = Case(
        When(patients__gte=FEWEST, then=F("records")), default=0, output_field=IntegerField()
    )
    return found.annotate(told=told, has_proposal=Exists(proposed)).order_by("-told", "pk")


def count_kinds(hospital_id: int) -> list[KindFigures]:
    """Of all kinds, in their order."""
    rows = (
        LocalCode.objects.filter(hospital_id=hospital_id, waiting=True)
        .filter(SHOWABLE)
        .values("kind")
        .annotate(codes=Count("pk"), told=Sum("records", filter=Q(patients__gte=FEWEST)))
    )
    found = {r["kind"]: r for r in rows}
    return [
        KindFigures(
            kind,
            found[kind]["codes"] if kind in found else 0,
            (found[kind]["told"] or 0) if kind in found else 0,
        )
        for kind in KINDS
    ]


def show_code(row: LocalCode) -> ShownCode:
    if row.patients < FEWEST:
        return ShownCode(row, None, ValueProfile())
    return ShownCode(row, row.records, read_profile(row.profile))


def is_showable(row: LocalCode) -> bool:
    return row.patients >= FEWEST or bool(row.mappings.exists())


def filter_by_words(rows: Iterable[LocalCode], words: str) -> list[LocalCode]:
    """By code, name, pinyin or initials; the texts are encrypted, so the database cannot."""
    wanted = fold_name(words)
    if not wanted:
        return list(rows)
    return [
        row
        for row in rows
        if wanted in fold_name(row.code)
        or wanted in fold_name(row.text)
        or pinyin_of(row.text).startswith(wanted)
        or initials_of(row.text).startswith(wanted)
    ]
