"""Read the file that a row of a document names. It lies in the folder of the table or below it: a
path that leads elsewhere is refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..refusal import Rule
from ..sets.column_set import Values
from ..sets.documents import CONTENT_TYPES
from .row_rules import FILE_MISSING, FILE_OUTSIDE, FILE_TOO_LARGE

MOST = 8 << 20  # bytes


def read_content(folder: Path, values: Values) -> tuple[Rule, dict[str, Any]] | Path:
    """Puts `content` and `content_type` into the values and gives its path; else says what is
    wrong.
    """
    name = str(values["file"]).replace("\\", "/")
    if ":" in name or name.startswith("//"):
        name = name.rpartition("/")[2]  # D:\\病历\\1.pdf: it may have been copied beside the table
    path = Path(os.path.normpath(folder / name))
    try:
        real, root = path.resolve(), folder.resolve()
        if root != real and root not in real.parents:
            return FILE_OUTSIDE, {}
        if not real.is_file():  # a pipe would never end
            return FILE_MISSING, {}
        size = real.stat().st_size
        if size > MOST:
            return FILE_TOO_LARGE, {"size": (size >> 20) + 1, "most": MOST >> 20}
        values["content"] = real.read_bytes()
    except (OSError, ValueError):
        return FILE_MISSING, {}
    values["content_type"] = CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")
    return path
