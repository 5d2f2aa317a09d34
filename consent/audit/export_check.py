"""Check an exported file elsewhere, without the database: its manifest under pinned keys, its
bytes, and each row against the sealed line that its proof leads to the signed tree head
(audit_verify --package).
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from alliance.platform.dates import format_local_time
from consent.audit import canonical_line, export_manifest, merkle_tree, signing_keys, workbook
from consent.audit.export_manifest import manifest_path
from consent.audit.kept_head import KeptHead
from consent.audit.sealed_cells import escape_formula
from consent.audit.signing_keys import PinnedKey
from consent.audit.tree_head import TreeHead

MAX_FAULTS = 200  # faults of one kind that are told


def check_export(
    path: Path, pinned_keys: Iterable[PinnedKey] | None = None, against: KeptHead | None = None
) -> list[str]:
    """Check an exported file and list its faults; none means that every row is what was sealed,
    and that none is missing. pinned_keys: this installation's keys unless given. Raises OSError,
    ValueError where there is no manifest that can be read.
    """
    pinned_keys = signing_keys.load_own_pins() if pinned_keys is None else list(pinned_keys)
    manifest = export_manifest.load_manifest(manifest_path(path))
    try:
        faults = export_manifest.find_manifest_faults(manifest, pinned_keys)
    except export_manifest.UnsignedManifest as error:
        return [str(error)]
    if manifest.get("head") is None:
        return [*faults, "there is no signed tree head: nothing proves its rows"]
    try:
        head = TreeHead.from_json(manifest["head"])
        if fault := head.find_fault(pinned_keys):
            faults.append(f"the tree head: {fault}")
        faults += check_contents(path, manifest, head)
        if against:
            faults += check_continuity(manifest, head, against, pinned_keys)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        faults.append(f"the manifest cannot be read ({type(error).__name__}: {error})")
    return faults


def check_contents(path: Path, manifest: dict[str, Any], head: TreeHead) -> list[str]:
    faults: list[str] = []
    if export_manifest.hash_file(path) != manifest["sha256"]:
        faults.append(f"{path.name}: not the file that was exported (SHA-256 differs)")
    proofs = manifest["proofs"]
    if export_manifest.hash_proofs(proofs) != manifest["proofs_sha256"]:
        faults.append("the proofs are not those of the export (SHA-256 differs)")
    promised = [int(p["id"]) for p in proofs]
    if len(proofs) != manifest["rows"]:
        faults.append(f"{manifest['rows']} rows are promised, {len(proofs)} proofs are there")
    places = [{"id": p["id"], "position": p["position"]} for p in proofs[:1] + proofs[-1:]]
    if places != [
        {k: manifest[row_number][k] for k in ("id", "position")}
        for row_number in ("first", "last")
        if proofs and manifest[row_number]
    ]:
        faults.append("the first and the last row are other ones than the manifest says")
    try:
        faults += compare_line_numbers(promised, list(read_row_numbers(path, manifest)))
        previous_number = -1
        for row_number, (proof, row) in enumerate(
            zip_longest(proofs, read_export_rows(path, manifest)), 1
        ):
            if proof is None or row is None or len(faults) > MAX_FAULTS:
                break
            if proof["position"] <= previous_number:
                faults.append(
                    f"row {row_number} (audit line {proof['id']}): its place in the tree"
                    f" ({proof['position']}) does not come after the row before"
                )
            previous_number = proof["position"]
            faults += compare_row(row_number, proof, row, manifest, head)
    except (
        csv.Error,
        KeyError,
        TypeError,
        ValueError,
    ) as error:  # a text in another encoding among them
        faults.append(f"{path.name} cannot be read as {manifest['format']}: {error}")
    return faults


def read_export_rows(path: Path, manifest: dict[str, Any]) -> Iterator[Any]:
    """Each row: the bytes of an NDJSON line, the cells of a CSV or workbook. Raises ValueError."""
    if manifest["format"] == "ndjson":
        with path.open("rb") as file:
            yield from (text.removesuffix(b"\n") for text in file)
    elif manifest["format"] == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            if next(reader, []) != manifest["headings"]:
                raise ValueError("the headings are not those of the export")
            yield from reader
    else:
        yield from workbook.read_workbook(path, covers=int(manifest.get("covers", 0)))


def read_row_numbers(path: Path, manifest: dict[str, Any]) -> Iterator[int]:
    """The number of the line that each row says it is; 0 where it says none."""
    for row in read_export_rows(path, manifest):
        try:
            yield int(json.loads(row)["id"] if isinstance(row, bytes) else row[0])
        except (IndexError, KeyError, TypeError, ValueError):
            yield 0


def compare_line_numbers(promised: list[int], exported: list[int]) -> list[str]:
    """Where the rows of the file are other lines, or in another order, than the proofs."""
    if promised == exported:
        return []
    faults = (
        [f"{len(promised)} rows are proved, {len(exported)} are in the file"]
        if len(promised) != len(exported)
        else []
    )
    missing, added = Counter(promised) - Counter(exported), Counter(exported) - Counter(promised)
    faults += [
        f"audit line {n} (row {promised.index(n) + 1}) was taken out of the file"
        for n in list(missing)[:MAX_FAULTS]
    ]
    faults += [
        f"row {exported.index(n) + 1}: audit line {n} is not one of those that were exported, or is"
        " there twice"
        for n in list(added)[:MAX_FAULTS]
    ]
    if not faults:
        n = next(i for i, (a, b) in enumerate(zip(promised, exported, strict=True)) if a != b)
        faults.append(
            f"row {n + 1}: audit line {exported[n]} stands where {promised[n]} was exported: the"
            " order"
            " was changed"
        )
    return faults


def compare_row(
    row_number: int, proof: dict[str, Any], row: Any, manifest: dict[str, Any], head: TreeHead
) -> list[str]:
    """What a row says otherwise than the line that was sealed."""
    data = row if isinstance(row, bytes) else proof["line"].encode()
    place = f"row {row_number} (audit line {proof['id']})"
    if (
        canonical_line.leaf_hash(data).hex() != proof["leaf"]
        or merkle_tree.root_from_proof(
            canonical_line.leaf_hash(data),
            proof["position"],
            head.size,
            [bytes.fromhex(x) for x in proof["path"]],
        )
        != head.root
    ):
        return [
            f"{place}: its proof does not lead to the signed root: it is not the line that was"
            " sealed there"
        ]
    line = json.loads(data)
    if line["id"] != proof["id"]:
        return [f"{place}: its proof is that of audit line {line['id']}"]
    if isinstance(row, bytes):
        return []
    columns = manifest["columns"]
    if len(row) != len(columns):
        return [f"{place}: {len(row)} cells instead of {len(columns)}"]
    if manifest["v"] == export_manifest.LOCAL_TIMES:
        line |= {"recorded": format_local_time(line["recorded"])}
    return [
        f"{place}, {name}: the file says {said[:80]!r}, the sealed line {sealed[:80]!r}"
        for name, said in zip(columns, row, strict=True)
        if name and said != (sealed := escape_formula(line.get(name)))
    ]


def check_continuity(
    manifest: dict[str, Any], head: TreeHead, against: KeptHead, pinned_keys: Iterable[PinnedKey]
) -> list[str]:
    """Whether this export's log goes on from a head that was kept."""
    kept = against.head
    if fault := kept.find_fault(pinned_keys):
        return [f"the head of {kept.size} lines that {against.keeper_phrase}: {fault}"]
    if kept.size > head.size:
        return [
            f"the head that {against.keeper_phrase} covers {kept.size} lines, this export's"
            f" {head.size}: the log was cut or rolled back, or the export is the older one"
        ]
    since = manifest.get("since")
    if kept.size < head.size and (since is None or since["size"] != kept.size):
        return [
            "nothing in this export proves that its log goes on from the head that"
            f" {against.keeper_phrase}: export it with --since, or check the database itself"
        ]
    proof = [bytes.fromhex(n) for n in since["proof"]] if since and kept.size < head.size else []
    if not merkle_tree.is_consistent_tree(kept.size, kept.root, head.size, head.root, proof):
        return [
            f"the log of this export does not go on from the head of {kept.size} lines that"
            f" {against.keeper_phrase}: it was built anew"
        ]
    return []
