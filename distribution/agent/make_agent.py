"""Write dist/xinglin-agent.pyz: the agent as one file that any Python from 3.8 on runs (zipapp,
PEP 441). The same source gives the same bytes.
"""

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "records/agent"
PACKAGE = "xinglin_agent"
DAY = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
MAIN = f"import sys\n\nfrom {PACKAGE}.cli import main\n\nsys.exit(main())\n"


def make_agent(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".new")
    with aside.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            add(archive, "__main__.py", MAIN.encode())
            for path in sorted(SOURCE.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    name = f"{PACKAGE}/{path.relative_to(SOURCE).as_posix()}"
                    add(archive, name, path.read_bytes())
    aside.chmod(0o755)
    aside.replace(target)


def add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, DAY)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    archive.writestr(entry, data)


def read_version() -> str:
    found = re.search(r'^__version__ = "(.+)"$', (SOURCE / "__init__.py").read_text(), re.M)
    return found[1] if found else ""


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist/xinglin-agent.pyz"
    make_agent(target)
    print(f"{target}: xinglin-agent {read_version()}, {target.stat().st_size // 1024} KB")
