"""QR symbols (ISO/IEC 18004) of addresses, for prints and for pages."""

from collections.abc import Iterator

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode


def qr_matrix(text: str) -> list[list[bool]]:
    """Rows of modules, True is dark; without the quiet zone of four modules."""
    symbol = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    symbol.add_data(text)
    symbol.make(fit=True)
    return [[bool(x) for x in row] for row in symbol.get_matrix()]


def iter_runs(matrix: list[list[bool]]) -> Iterator[tuple[int, int, int]]:
    """(column, row, length) of each stretch of dark modules."""
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                yield start, y, x - start
            x += 1


def qr_svg_path(text: str) -> tuple[str, int]:
    """(path of SVG, modules a side), with its quiet zone."""
    matrix = qr_matrix(text)
    path = "".join(f"M{x + 4},{y + 4}h{n}v1h-{n}z" for x, y, n in iter_runs(matrix))
    return path, len(matrix) + 8
