"""Authentication tags: who may write into the backup folder can make none. Over each base backup
tag.json, which names every file with its size and SHA-256; over each file of the write-ahead log
one of its own beside it. Both are HMAC-SHA256 (RFC 2104) over canonical JSON, under a key that HKDF
(RFC 5869) derives from index_key: it travels in the envelope with all keys, and is never changed.
Nothing of a folder is given to PostgreSQL before its tag was compared (docs/adr/0042).
"""

import hashlib
import hmac
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alliance.backup.backup_chain import BaseBackup
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import LARGE, BackupFolder, read_json_file, write_json_file
from alliance.platform.state_files import find_key, key_file

NAME, FORMAT, VERSION = "tag.json", "xinglin-tag", 1
TAG_KEY_INFO = b"xinglin backup tag 1"
BESIDE = ("keys.json", "settings.json")
CHUNK = 2**20
HEX = re.compile(r"[0-9a-f]{64}")
Entries = dict[
    str, tuple[int, str]
]  # path below the backup -> (bytes, SHA-256); of a folder, whose path ends with /, (0, "")
WITHOUT_TAG_ADVICE = (
    "--without-tag goes on nevertheless: then whoever could write into the folder decides what runs"
    " here."
)


def derive_tag_key(index_key: str) -> bytes:
    """index_key: hexadecimal."""
    return HKDF(SHA256(), 32, None, TAG_KEY_INFO).derive(bytes.fromhex(index_key))


def load_tag_key() -> bytes:
    """Of this installation. Raises Refused where its keys are not here."""
    found = find_key("index_key")
    if not found:
        raise BackupRefused(
            f"{key_file('index_key')} is missing, from which the key of the authentication tags"
            " follows: restore it from the backup of the secrets (docs/how-to/keys.md)."
        )
    return derive_tag_key(found)


def tag_key_fingerprint(key: bytes) -> str:
    """32 hexadecimal digits, by fours: for the paper beside the recovery key."""
    digits = hashlib.sha256(TAG_KEY_INFO + key).hexdigest()[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def is_same_fingerprint(key: bytes, said: str) -> bool:
    return hmac.compare_digest(
        re.sub(r"[\s-]", "", said).lower().encode(),
        tag_key_fingerprint(key).replace(" ", "").encode(),
    )


def compute_tag(key: bytes, content: dict[str, Any]) -> str:
    """The tag of what `content` says, hexadecimal."""
    return hmac.digest(
        key, json.dumps(content, sort_keys=True, separators=(",", ":")).encode(), "sha256"
    ).hex()


def write_tagged_document(key: bytes, path: Path, content: dict[str, Any]) -> None:
    write_json_file(path, content | {"tag": compute_tag(key, content)})


def read_tagged_document(key: bytes, path: Path) -> dict[str, Any]:
    """What a file says whose tag is right. Raises Refused."""
    content = read_json_file(path, LARGE)
    said = content.pop("tag", None)
    if not isinstance(said, str) or not hmac.compare_digest(
        said.encode(), compute_tag(key, content).encode()
    ):
        raise BackupRefused(
            f"{path}: its authentication tag is not of this key: it was altered, or made by"
            " somebody else. Take another copy of the folder, or an earlier backup."
            f" {WITHOUT_TAG_ADVICE}"
        )
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        raise BackupRefused(
            f"{path}: it is of version {content.get('version')}, and this release knows {VERSION}:"
            " use the release that made it, or a later one."
        )
    return content


def walk_files(place: Path) -> Iterator[tuple[str, Path]]:
    """(path below `place`, of folders with / at its end, and where it is). Raises Refused for
    what is neither a file nor a folder.
    """
    for entry in sorted(os.scandir(place), key=lambda e: e.name):
        path, mode = Path(entry.path), entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield f"{entry.name}/", path
            yield from ((f"{entry.name}/{below}", there) for below, there in walk_files(path))
        elif stat.S_ISREG(mode):
            yield entry.name, path
        else:
            raise BackupRefused(
                f"{path}: it is neither a file nor a folder, and a backup holds nothing else. Take"
                " another copy of the folder, or an earlier backup."
            )


def digest_file(path: Path) -> tuple[int, str]:
    """(bytes, SHA-256)."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), found


def list_file_entries(place: Path) -> Entries:
    """Of a backup that was just written."""
    found = {
        f"data/{name}": (0, "") if name.endswith("/") else digest_file(path)
        for name, path in walk_files(place / "data")
    }
    return found | {name: digest_file(place / name) for name in BESIDE if (place / name).exists()}


def write_backup_tag(place: Path, link: BaseBackup, key: bytes) -> None:
    """Write the tag of a backup that lies in `place`. What comes of it later (verified, until,
    wrong) is not bound.
    """
    write_tagged_document(
        key,
        place / NAME,
        {
            "format": FORMAT,
            "version": VERSION,
            "backup": link.bound(),
            "files": list_file_entries(place),
        },
    )


def check_backup_tag(folder: BackupFolder, link: BaseBackup, key: bytes) -> Entries:
    """What a backup holds, whose tag is right. Raises Refused."""
    path = link.place(folder) / NAME
    if not path.exists():
        raise BackupRefused(
            f"{link.name}: it has no authentication tag ({NAME}). An earlier release made it, or"
            " somebody took the tag away: nothing proves who wrote what lies there, and a server"
            " that is raised from it runs what was planted in it. Make a new one where the site"
            f" lives (manage.py backup --full). {WITHOUT_TAG_ADVICE}"
        )
    content = read_tagged_document(key, path)
    if content.get("backup") != link.bound():
        raise BackupRefused(
            f"{link.place(folder) / 'backup.json'}: it says something else than the authentication"
            " tag beside it: it was altered. Take another copy of the folder, or an earlier"
            " backup."
        )
    found = {name: (size, sha) for name, (size, sha) in content["files"].items()}
    for name in BESIDE:
        there = link.place(folder) / name
        if there.exists() != (name in found) or (
            name in found and digest_file(there) != found[name]
        ):
            raise BackupRefused(
                f"{there}: it is damaged: it is not the one that was backed up. Take another copy"
                " of the folder, or an earlier backup."
            )
    return found


def has_valid_tag(folder: BackupFolder, link: BaseBackup, key: bytes) -> bool:
    """Whether a backup may be built upon."""
    try:
        check_backup_tag(folder, link, key)
        return True
    except BackupRefused:
        return False


def copy_checked_backup(
    folder: BackupFolder, link: BaseBackup, to: Path, entries: Entries | None
) -> None:
    """Bring the data of a backup out of reach of whoever may write into the folder, and compare
    what was copied: what is read afterwards is what was compared. entries: None: nothing is
    compared. Raises Refused that names the file.
    """
    to.mkdir(mode=0o700)
    damaged = (
        "{}/{}: it is damaged: {} Take another copy of the folder, or an earlier backup (--at)."
    )
    left = (
        {name.removeprefix("data/") for name in entries if name.startswith("data/")}
        if entries is not None
        else set()
    )
    for name, path in walk_files(link.data(folder)):
        if entries is not None and name not in left:
            raise BackupRefused(
                damaged.format(link.name, f"data/{name}", "it was not there when it was backed up.")
            )
        left.discard(name)
        if name.endswith("/"):
            (to / name).mkdir(mode=0o700)
        elif (found := copy_file_checked(path, to / name)) != (entries or {}).get(
            f"data/{name}", found
        ):
            raise BackupRefused(
                damaged.format(link.name, f"data/{name}", "it is not what was backed up.")
            )
    if left:
        raise BackupRefused(damaged.format(link.name, f"data/{min(left)}", "it is missing."))


def copy_file_checked(path: Path, to: Path, most: int | None = None) -> tuple[int, str]:
    """(bytes, SHA-256) of what was copied; most: bytes. Raises OSError, also for a symbolic
    link.
    """
    sha, count = hashlib.sha256(), 0
    with (
        os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as source,
        os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target,
    ):
        while chunk := source.read(CHUNK if most is None else min(CHUNK, most - count)):
            sha.update(chunk)
            target.write(chunk)
            count += len(chunk)
    return count, sha.hexdigest()
