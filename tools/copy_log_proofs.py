"""Copy what checks signatures and trees from tools/verify.html into the witness page's script, so
that there is one source of it (docs/adr/0081).
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tools/verify.html"
COPY = ROOT / "alliance/web/static/xinglin/log_proofs.js"
BEGIN, END = "/* ==== begin: ", "/* ==== end ==== */\n"
HEADER = (
    "// Hashes, Ed25519, trees and signed notes: copied from tools/verify.html by"
    ' tools/copy_log_proofs.py.\n"use strict";\n'
)


def read_block() -> str:
    text = SOURCE.read_text(encoding="utf-8")
    start = text.index("\n", text.index(BEGIN)) + 1
    return text[start : text.index(END, start)]


if __name__ == "__main__":
    COPY.write_text(HEADER + read_block(), encoding="utf-8")
