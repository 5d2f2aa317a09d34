"""Pack an export as the one file that is handed on: the package as it is, other forms with their
manifest.
"""

import tempfile
import zipfile
from pathlib import Path
from typing import IO

from consent.audit.export_manifest import manifest_path
from consent.audit.export_order import PACKAGE_FORMS, ExportOrder
from consent.audit.log_export import write_export


def pack_export(order: ExportOrder, kind: str, name: str) -> IO[bytes]:
    """The ZIP, open for reading, which is gone once it is closed."""
    with tempfile.TemporaryDirectory() as folder:
        if kind in PACKAGE_FORMS:
            whole = Path(folder) / f"{name}.zip"
            PACKAGE_FORMS[kind](order, whole)
            return whole.open("rb")
        path = Path(folder) / f"{name}.{kind}"
        write_export(order, kind, path)
        packed = tempfile.TemporaryFile()  # noqa: SIM115
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (path, manifest_path(path)):
                archive.write(file, file.name)
    packed.seek(0)
    return packed
