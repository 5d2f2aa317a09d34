"""Check an exported file elsewhere, without the database: its manifest under pinned keys, its bytes, and each row against the sealed line that its proof
leads to the signed tree head (audit_verify --package)."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from consent.audit import canonical, keys, manifest, tree, workbook
from consent.audit.head import Head
from consent.audit.kept import Kept
from consent.audit.keys import Pin
from consent.audit.manifest import manifest_path

MOST = 200  # faults of one kind that are told


def check(path: Path, pins: Iterable[Pin] | None = None, against: Kept | None = None) -> list[str]:
    """The faults of an exported file; none means that every row is what was sealed, and that none is missing. pins: this installation's keys unless
    given. Raises OSError, ValueError where there is no manifest that can be read."""
    pins = keys.own() if pins is None else list(pins)
    told = manifest.load(manifest_path(path))
    try:
        faults = manifest.faults(told, pins)
    except manifest.Unsigned as error:
        return [str(error)]
    if told.get("head") is None:
        return [*faults, "there is no signed tree head: nothing proves its rows"]
    try:
        head = Head.of_json(told["head"])
        if why := head.fault(pins):
            faults.append(f"the tree head: {why}")
        faults += contents(path, told, head)
        if against:
            faults += follows(told, head, against, pins)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        faults.append(f"the manifest cannot be read ({type(error).__name__}: {error})")
    return faults


def contents(path: Path, told: dict[str, Any], head: Head) -> list[str]:
    faults: list[str] = []
    if manifest.digest(path) != told["sha256"]:
        faults.append(f"{path.name}: not the file that was exported (SHA-256 differs)")
    proofs = told["proofs"]
    if manifest.proofs_digest(proofs) != told["proofs_sha256"]:
        faults.append("the proofs are not those of the export (SHA-256 differs)")
    promised = [int(p["id"]) for p in proofs]
    if len(proofs) != told["rows"]:
        faults.append(f"{told['rows']} rows are promised, {len(proofs)} proofs are there")
    places = [{"id": p["id"], "position": p["position"]} for p in (proofs[:1] + proofs[-1:])]
    if places != [{k: told[n][k] for k in ("id", "position")} for n in ("first", "last") if proofs and told[n]]:
        faults.append("the first and the last row are other ones than the manifest says")
    try:
        faults += missing(promised, list(numbers(path, told)))
        before = -1
        for n, (proof, row) in enumerate(zip_longest(proofs, rows(path, told)), 1):
            if proof is None or row is None or len(faults) > MOST:
                break
            if proof["position"] <= before:
                faults.append(f"row {n} (audit line {proof['id']}): its place in the tree ({proof['position']}) does not come after the row before")
            before = proof["position"]
            faults += differences(n, proof, row, told, head)
    except (csv.Error, KeyError, TypeError, ValueError) as error:  # a text in another encoding among them
        faults.append(f"{path.name} cannot be read as {told['format']}: {error}")
    return faults


def rows(path: Path, told: dict[str, Any]) -> Iterator[Any]:
    """Each row: the bytes of an NDJSON line, the cells of a CSV or workbook. Raises ValueError."""
    if told["format"] == "ndjson":
        with path.open("rb") as file:
            yield from (text.removesuffix(b"\n") for text in file)
    elif told["format"] == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            if next(reader, []) != told["headings"]:
                raise ValueError("the headings are not those of the export")
            yield from reader
    else:
        yield from workbook.read(path)


def numbers(path: Path, told: dict[str, Any]) -> Iterator[int]:
    """The number of the line that each row says it is; 0 where it says none."""
    for row in rows(path, told):
        try:
            yield int(json.loads(row)["id"] if isinstance(row, bytes) else row[0])
        except (IndexError, KeyError, TypeError, ValueError):
            yield 0


def missing(promised: list[int], found: list[int]) -> list[str]:
    """Where the rows of the file are other lines, or in another order, than the proofs."""
    if promised == found:
        return []
    faults = [f"{len(promised)} rows are proved, {len(found)} are in the file"] if len(promised) != len(found) else []
    lost, added = Counter(promised) - Counter(found), Counter(found) - Counter(promised)
    faults += [f"audit line {n} (row {promised.index(n) + 1}) was taken out of the file" for n in list(lost)[:MOST]]
    faults += [f"row {found.index(n) + 1}: audit line {n} is not one of those that were exported, or is there twice" for n in list(added)[:MOST]]
    if not faults:
        n = next(i for i, (a, b) in enumerate(zip(promised, found, strict=True)) if a != b)
        faults.append(f"row {n + 1}: audit line {found[n]} stands where {promised[n]} was exported: the order was changed")
    return faults


def differences(n: int, proof: dict[str, Any], row: Any, told: dict[str, Any], head: Head) -> list[str]:
    """What a row says otherwise than the line that was sealed."""
    data = row if isinstance(row, bytes) else proof["line"].encode()
    where = f"row {n} (audit line {proof['id']})"
    if canonical.leaf_hash(data).hex() != proof["leaf"] or tree.root_from_proof(canonical.leaf_hash(data), proof["position"], head.size, [bytes.fromhex(x) for x in proof["path"]]) != head.root:
        return [f"{where}: its proof does not lead to the signed root: it is not the line that was sealed there"]
    line = json.loads(data)
    if line["id"] != proof["id"]:
        return [f"{where}: its proof is that of audit line {line['id']}"]
    if isinstance(row, bytes):
        return []
    from consent.audit.export import cells

    sealed = cells(line, told["columns"])
    if len(row) != len(sealed):
        return [f"{where}: {len(row)} cells instead of {len(sealed)}"]
    return [f"{where}, {name}: the file says {a[:80]!r}, the sealed line {b[:80]!r}"
            for name, a, b in zip(told["columns"], row, sealed, strict=True) if a != b]


def follows(told: dict[str, Any], head: Head, against: Kept, pins: Iterable[Pin]) -> list[str]:
    """Whether this export's log goes on from a head that was kept."""
    old = against.head
    if why := old.fault(pins):
        return [f"the head of {old.size} lines that {against.whence}: {why}"]
    if old.size > head.size:
        return [f"the head that {against.whence} covers {old.size} lines, this export's {head.size}: the log was cut or rolled back, or the export is the older one"]
    since = told.get("since")
    if old.size < head.size and (since is None or since["size"] != old.size):
        return [f"nothing in this export proves that its log goes on from the head that {against.whence}: export it with --since, or check the database itself"]
    proof = [bytes.fromhex(n) for n in since["proof"]] if since and old.size < head.size else []
    if not tree.consistent(old.size, old.root, head.size, head.root, proof):
        return [f"the log of this export does not go on from the head of {old.size} lines that {against.whence}: it was built anew"]
    return []
