"""What is exported: which lines under which head, for whom and why; and those lines one by one,
each with its proof, in constant memory.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.models import Staff
from alliance.platform.dates import to_hospital_time
from consent.audit import canonical_line, log_query
from consent.audit.inclusion_proofs import InclusionProver, build_consistency_path
from consent.audit.line_names import LineNames, load_line_names
from consent.audit.tree_head import TreeHead

BATCH = 1000  # lines whose names are looked up together
MOST_WORDS = 50_000  # that are remembered from batch to batch
MAX_REASON_LENGTH = 200


def clean_reason(text: str) -> str:
    """A typed reason as one line of what can be written and printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@dataclass(frozen=True, slots=True)
class Exporter:
    """Who exports, as the file says it; all "" where it is not said."""

    name: str = ""
    account: str = ""
    hospital: str = ""
    role: str = ""

    @classmethod
    def from_principal(cls, acting: Any) -> "Exporter":
        """Of somebody of the staff as the pages call them; else the operator of the server."""
        staff = (
            Staff.objects.select_related("user", "hospital").filter(pk=int(acting.id)).first()
            if acting.kind == "staff"
            else None
        )
        if staff is None:
            return cls(str(_("operator of the server")), str(acting.id), "", "")
        return cls(
            staff.name, staff.user.username, staff.hospital.name, str(staff.get_role_display())
        )

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.name, self.account, self.role, self.hospital)))


@dataclass(slots=True)
class ExportProgress:
    """lines: written so far."""

    lines: int = 0


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """rows: how many lines there are under the head; since: a head that the reader has kept, from
    which the manifest proves that this log goes on.
    """

    audit_filter: log_query.AuditFilter
    head: TreeHead
    rows: int
    since: TreeHead | None = None
    exporter: Exporter = field(default_factory=Exporter)
    reason: str = ""
    at: dt.datetime = field(default_factory=timezone.now)
    progress: ExportProgress = field(default_factory=ExportProgress, compare=False)

    @property
    def exported_at(self) -> str:
        """On the hospitals' clock, with its offset."""
        return to_hospital_time(self.at).isoformat(timespec="milliseconds")

    def filter_as_json(self) -> dict[str, Any]:
        return filter_as_json(self.audit_filter)

    def since_as_json(self) -> dict[str, Any] | None:
        """The proof that the log goes on from the head that was kept."""
        if self.since is None:
            return None
        with connection.cursor() as cursor:
            path = build_consistency_path(cursor, self.since.size, self.head.size)
        return {
            "size": self.since.size,
            "root": self.since.root.hex(),
            "proof": [n.hex() for n in path],
        }


class ProvedLine(NamedTuple):
    """data: the line's canonical JSON, whose hash is the leaf; path: its proof as JSON."""

    line: dict[str, Any]
    position: int
    leaf: bytes
    data: bytes
    path: str

    @property
    def place(self) -> dict[str, Any]:
        """Which one it is, as manifests say of the first and the last."""
        return {
            "id": self.line["id"],
            "position": self.position,
            "recorded": self.line["recorded"],
        }

    @property
    def data_as_text(self) -> str:
        """As a JSON string."""
        return orjson.dumps(self.data.decode()).decode()

    def proof_json(self, line: str = "") -> bytes:
        """Canonical JSON of where it stands and the proof; line: JSON of the line itself, "" where
        the proof goes without.
        """
        said = f'"line":{line},' if line else ""
        return (
            f'{{"id":{self.line["id"]},"leaf":"{self.leaf.hex()}",{said}"path":{self.path},'
            f'"position":{self.position}}}'
        ).encode()


# Writes an order in a form of its own at the path; returns the manifest.
ExportWriter = Callable[[ExportOrder, Path], dict[str, Any]]
PACKAGE_FORMS: dict[str, ExportWriter] = {}  # those of the apps above, which put them in


def filter_as_json(audit_filter: log_query.AuditFilter) -> dict[str, Any]:
    """The filter as the manifest and the log tell it."""
    return {
        k: (
            v
            if v is None or isinstance(v, bool | int)
            else list(v)
            if isinstance(v, tuple)
            else str(v)
        )
        for k, v in asdict(audit_filter).items()
    }


def iterate_proved_lines(order: ExportOrder) -> Iterator[ProvedLine]:
    """The lines under the head, oldest leaf first. Raises LogDamaged."""
    with connection.cursor() as cursor:
        prover = InclusionProver(cursor, order.head.size, order.head.root)
        for line, position, leaf in log_query.iterate_sealed_lines(
            order.audit_filter, order.head.size
        ):
            data = canonical_line.encode_canonical_line(line)
            order.progress.lines += 1
            yield ProvedLine(line, position, leaf, data, prover.path_json(position))


def iterate_named_lines(order: ExportOrder) -> Iterator[tuple[ProvedLine, LineNames]]:
    """The same, each with the names of what it says, as far as whoever exports may know them."""
    lines = iterate_proved_lines(order)
    said: dict[tuple[str, ...], str] = {}
    while batch := list(islice(lines, BATCH)):
        if len(said) > MOST_WORDS:
            said = {}
        names = replace(
            load_line_names((p.line for p in batch), order.audit_filter.hospitals), said=said
        )
        for proved in batch:
            yield proved, names
