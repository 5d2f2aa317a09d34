"""Write laid out pages as PDF (ISO 32000-1), each with its number, code, QR symbol and watermark,
and the font embedded.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from reportlab.pdfgen.canvas import Canvas

from records.printing.han_font import FONT_NAME, GlyphCheck, load_font
from records.printing.page_layout import (
    BOTTOM,
    HEAD_SIZE,
    LEADING,
    MARGIN,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    LaidOutPage,
    PlacedText,
    lay_out_pages,
)
from records.printing.printed_content import PageMark, PrintedContent
from records.printing.qr_symbol import iter_runs, qr_matrix

QR_SIDE = 58.0
INK, SOFT, WATER = 0.0, 0.33, 0.9  # greys
WATER_SIZE, WATER_STEP = 15.0, 150.0
ONE_AT_A_TIME = Lock()  # the font's file is read while a document is written


@dataclass(frozen=True, slots=True)
class WrittenPdf:
    data: bytes
    pages: int


def write_pdf(content: PrintedContent, mark_page: Callable[[int], PageMark]) -> WrittenPdf:
    """mark_page: what proves the page of this number, from 1. The same contents give the same
    bytes.
    """
    with ONE_AT_A_TIME:
        load_font()
        glyphs = GlyphCheck()
        footer = [glyphs.printable(line) for line in content.footer]
        water = glyphs.printable(content.water)
        pages = lay_out_pages(content, glyphs)
        out = io.BytesIO()
        canvas = Canvas(
            out, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), pageCompression=1, invariant=1, lang="zh-CN"
        )
        canvas.setTitle(content.title)
        canvas.setCreator("Xinglin")
        for number, page in enumerate(pages, 1):
            draw_water(canvas, water)
            draw_page(canvas, page)
            total = content.words.page(number, len(pages))
            draw_footer(canvas, [*footer], total, mark_page(number))
            canvas.showPage()
        canvas.save()
    return WrittenPdf(out.getvalue(), len(pages))


def draw_water(canvas: Canvas, text: str) -> None:
    """Behind everything, slanting over the whole page."""
    canvas.saveState()
    canvas.setFillGray(WATER)
    canvas.setFont(FONT_NAME, WATER_SIZE)
    canvas.rotate(30)
    y = -PAGE_WIDTH / 2
    while y < PAGE_HEIGHT:
        canvas.drawString(y / 2 % 60, y, f"{text}　　{text}")
        y += WATER_STEP
    canvas.restoreState()


def draw_page(canvas: Canvas, page: LaidOutPage) -> None:
    for rule in page.rules:
        canvas.setStrokeGray(SOFT if rule.strong else 0.8)
        canvas.setLineWidth(0.8 if rule.strong else 0.4)
        canvas.line(rule.x1, rule.y, rule.x2, rule.y)
    for text in page.texts:
        draw_text(canvas, text)


def draw_text(canvas: Canvas, text: PlacedText) -> None:
    """Strong is filled and drawn round, for there is one weight of the font."""
    grey = SOFT if text.soft else INK
    canvas.setFillGray(grey)
    canvas.setStrokeGray(grey)
    canvas.setLineWidth(text.size / 90)
    canvas.setFont(FONT_NAME, text.size)
    canvas.drawString(text.x, text.y, text.text, mode=2 if text.strong else 0)


def draw_footer(canvas: Canvas, lines: list[str], total: str, mark: PageMark) -> None:
    y = BOTTOM - 10
    canvas.setStrokeGray(SOFT)
    canvas.setLineWidth(0.8)
    canvas.line(MARGIN, y, PAGE_WIDTH - MARGIN, y)
    draw_qr(canvas, mark.address, PAGE_WIDTH - MARGIN - QR_SIDE, y - 6 - QR_SIDE)
    y -= 3
    for line, strong in ((total, True), (mark.code, True), *((x, False) for x in lines)):
        y -= HEAD_SIZE * LEADING
        draw_text(canvas, PlacedText(MARGIN, y, line, HEAD_SIZE, strong, soft=not strong))


def draw_qr(canvas: Canvas, text: str, x: float, y: float) -> None:
    matrix = qr_matrix(text)
    module = QR_SIDE / len(matrix)
    canvas.setFillGray(INK)
    path = canvas.beginPath()
    for column, row, length in iter_runs(matrix):
        path.rect(x + column * module, y + QR_SIDE - (row + 1) * module, length * module, module)
    canvas.drawPath(path, stroke=0, fill=1)
