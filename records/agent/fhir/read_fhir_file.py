"""Read a file of FHIR R4, a Bundle or NDJSON, as items and refusals. Ids of the file are kept as
record numbers; one bad resource never stops its neighbours.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..item import Item
from ..item_line import ItemFault, check_item
from ..mapping.exact_json import encode_exactly
from ..refusal import Refusal, Rule
from ..sets.column_set import Site
from . import fhir_rules as rules
from .clinical_day import find_clinical_day
from .rewrite_references import References, UnresolvedReference, find_patient

TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
ENTRY_URL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
BUNDLES = frozenset(["transaction", "batch", "collection", "searchset", "message", "history"])
FIRST_TYPES = ("Organization", "Location", "Practitioner", "PractitionerRole", "Patient")
LONGEST_LINE = 16 << 20  # bytes of a resource
LARGEST = 512 << 20  # bytes of a file, unpacked
HALF = re.compile(r"\\u[dD][89a-fA-F]")
SHOWN = 80


class FhirReader:
    """Of one file."""

    def __init__(self, file: str, site: Site) -> None:
        self.file, self.site = file, site
        self.items: list[Item] = []
        self.refusals: list[Refusal] = []

    def refuse(
        self,
        rule: Rule,
        row: int,
        column: str,
        value: str = "",
        warning: bool = False,
        **words: Any,
    ) -> None:
        self.refusals.append(
            Refusal(self.file, row, column, value[:SHOWN], rule, words=words, warning=warning)
        )

    def read_bundle(self, bundle: dict[str, Any]) -> None:
        type = str(bundle.get("type") or "")
        if type == "document":
            references = References(self.site.source, {})
            self.put(bundle, self.record_of(bundle, ""), references, 1, "Bundle")
            return
        entries = bundle.get("entry")
        if type not in BUNDLES:
            self.refuse(rules.BUNDLE_TYPE, 0, "Bundle.type", type or "?")
            return
        entries = entries if isinstance(entries, list) else []
        if not entries:
            self.refuse(rules.EMPTY, 0, "Bundle.entry")
            return
        known: dict[str, tuple[str, str]] = {}
        for number, entry in enumerate(entries):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            url = entry.get("fullUrl") if isinstance(entry, dict) else None
            if isinstance(resource, dict) and isinstance(url, str) and url:
                record = self.record_of(resource, url)
                target = (str(resource.get("resourceType") or ""), record)
                if known.get(url, target) != target:
                    column = f"Bundle.entry[{number}].fullUrl"
                    self.refuse(rules.TWICE, 0, column, url, warning=True)
                known[url] = target
        references = References(self.site.source, known)
        for number, entry in enumerate(entries):
            self.read_entry(entry, number, references)

    def read_entry(self, entry: Any, number: int, references: References) -> None:
        column = f"Bundle.entry[{number}]"
        request = entry.get("request") if isinstance(entry, dict) else None
        method = str((request or {}).get("method") or "PUT") if isinstance(request, dict) else "PUT"
        url = str((request or {}).get("url") or "") if isinstance(request, dict) else ""
        if method == "DELETE":
            self.delete(url, column)
            return
        if method not in ("PUT", "POST"):
            self.refuse(rules.METHOD, 0, f"{column}.request.method", method)
            return
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            self.refuse(rules.NOT_FHIR, 0, column)
            return
        full = entry.get("fullUrl")
        record = self.record_of(resource, full if isinstance(full, str) else "")
        if not record and method == "PUT":
            found = ENTRY_URL.fullmatch(url)
            record = found.group(2) if found else ""
        self.put(resource, record, references, 0, column)

    def delete(self, url: str, column: str) -> None:
        found = ENTRY_URL.fullmatch(url)
        if not found:
            self.refuse(rules.METHOD, 0, f"{column}.request", f"DELETE {url}")
            return
        type, record = found.groups()
        at = self.at(0, column)
        self.add(Item(self.site.source, type, record, action="delete", at=at), 0, column)

    def record_of(self, resource: dict[str, Any], full_url: str) -> str:
        """Its id, else what its fullUrl says; ""."""
        id = resource.get("id")
        if isinstance(id, str) and id:
            return id
        if full_url.startswith(("urn:uuid:", "urn:oid:")):
            return full_url[len("urn:uuid:") :] if "uuid" in full_url else full_url[8:]
        found = ENTRY_URL.fullmatch(full_url)
        return found.group(2) if found else ""

    def put(
        self,
        resource: dict[str, Any],
        record: str,
        references: References,
        row: int,
        column: str,
    ) -> None:
        type = resource.get("resourceType")
        if not isinstance(type, str) or not TYPE.fullmatch(type):
            self.refuse(rules.NOT_FHIR, row, column)
            return
        if not record:
            self.refuse(rules.NO_ID, row, column, type)
            return
        patient = record if type == "Patient" else find_patient(resource, references.find)
        version, own = take_version(resource)
        own["id"] = references.literal((type, record)).partition("/")[2]
        try:
            if type != "Bundle":
                own = references.rewrite(own)
            body = encode_exactly(own)
        except UnresolvedReference as fault:
            self.refuse(rules.UNRESOLVED, row, f"{column}: {type}/{record}", str(fault))
            return
        except RecursionError:
            self.refuse(rules.NOT_JSON, row, column, detail="nesting")
            return
        if len(body) > LONGEST_LINE:
            self.refuse(rules.TOO_LARGE, row, column, str(LONGEST_LINE >> 20))
            return
        item = Item(
            self.site.source,
            type,
            record,
            body,
            version,
            day=find_clinical_day(resource),
            patient=patient,
            at=self.at(row, column),
        )
        self.add(item, row, column)

    def at(self, row: int, column: str) -> str:
        return f"{self.file} 第{row}行" if row else f"{self.file} {column}"

    def add(self, item: Item, row: int, column: str) -> None:
        try:
            check_item(item)
        except ItemFault:
            self.refuse(rules.LONG_ID, row, column, item.record)
            return
        self.items.append(item)


def take_version(resource: dict[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """The version by meta.lastUpdated in microseconds, None without; and the resource without what
    the server that it comes from said of its own copy.
    """
    meta = resource.get("meta")
    own = dict(resource)
    if not isinstance(meta, dict):
        return None, own
    kept = {k: v for k, v in meta.items() if k not in ("lastUpdated", "versionId", "source")}
    if kept:
        own["meta"] = kept
    else:
        del own["meta"]
    try:
        text = str(meta.get("lastUpdated") or "").replace("Z", "+00:00")
        text = re.sub(r"\.(\d+)", lambda m: f".{m.group(1)[:6]:0<6}", text)
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None, own
    return (int(moment.timestamp() * 1_000_000) if moment.tzinfo else None), own


def parse(text: str) -> Any:
    """JSON with its digits. Raises ValueError."""
    found = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    if half := HALF.search(text):  # of a character: two are one, one alone cannot be written
        try:
            json.dumps(found, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise json.JSONDecodeError("half of a character", text, half.start()) from None
    return found


def unpack(content: bytes) -> bytes:
    """Raises ValueError for more than a file may hold, however small it was packed."""
    parts, size = [], 0
    while content:
        opened = zlib.decompressobj(wbits=31)
        parts.append(opened.decompress(content, LARGEST + 1 - size))
        size += len(parts[-1])
        if size > LARGEST or not opened.eof:
            raise ValueError(f"more than {LARGEST >> 20} MiB, or half of it")
        content = opened.unused_data.lstrip(b"\x00")
    return b"".join(parts)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def read_fhir_bytes(content: bytes, file: str, site: Site) -> tuple[list[Item], list[Refusal]]:
    reader = FhirReader(file, site)
    try:
        if content.startswith(b"\x1f\x8b"):
            content = unpack(content)
        text = content.decode("utf-8-sig")
    except (ValueError, zlib.error) as error:
        reader.refuse(rules.NOT_JSON, 0, "", detail=str(error)[:SHOWN])
        return [], reader.refusals
    if not text.strip():
        reader.refuse(rules.EMPTY, 0, "")
        return [], reader.refusals
    whole, fault = _parse_whole(text)
    if isinstance(whole, dict):
        if whole.get("resourceType") == "Bundle":
            reader.read_bundle(whole)
        else:
            references = References(site.source, {})
            reader.put(whole, reader.record_of(whole, ""), references, 1, "")
    elif fault and not _has_lines(text, file):
        reader.refuse(rules.NOT_JSON, fault.lineno, str(fault.colno), detail=fault.msg)
    else:
        _read_lines(text, reader)
    order = {type: place for place, type in enumerate(FIRST_TYPES)}
    reader.items.sort(key=lambda item: order.get(item.type, len(order)))
    return reader.items, reader.refusals


def _parse_whole(text: str) -> tuple[Any, json.JSONDecodeError | None]:
    try:
        return parse(text), None
    except json.JSONDecodeError as error:
        return None, error
    except (ValueError, RecursionError) as error:
        return None, json.JSONDecodeError(str(error) or "nesting", text[:1], 0)


def _has_lines(text: str, file: str) -> bool:
    """Whether it is NDJSON: by its name, else by a first line that closes what it opens."""
    first = text.lstrip().split("\n", 1)[0].rstrip()
    return ".ndjson" in file.casefold() or first.endswith("}")


def _read_lines(text: str, reader: FhirReader) -> None:
    references = References(reader.site.source, {})
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        resource, fault = _parse_whole(line)
        if fault:
            reader.refuse(rules.NOT_JSON, number, str(fault.colno), detail=fault.msg)
        elif not isinstance(resource, dict):
            reader.refuse(rules.NOT_FHIR, number, "")
        else:
            reader.put(resource, reader.record_of(resource, ""), references, number, "")


def read_fhir_file(path: Path, site: Site) -> tuple[list[Item], list[Refusal]]:
    """The door of the folder drop and of `push`: .json, .ndjson, either with gzip."""
    return read_fhir_bytes(path.read_bytes(), path.name, site)
