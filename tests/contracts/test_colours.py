"""The pages' colours: pairs that are read or drawn have the contrast of WCAG 2.2 (1.4.3, 1.4.11) in
the light and in the dark mode, and no component draws with a colour of its own.
"""

import re

import pytest

from tests.conftest import ROOT

CSS = ROOT / "alliance/web/static/xinglin/css"
TOKEN_FILES = {"tokens.css", "dark.css", "dense.css"}
GROUNDS = ("paper", "wash")
READ = [
    *((ink, ground) for ink in ("ink", "soft", "brand", "bad") for ground in GROUNDS),
    *(
        (ink, ground)
        for ink in ("ink", "soft", "brand")
        for ground in ("badwash", "goodwash", "warnwash")
    ),
    ("bad", "badwash"),
    ("good", "goodwash"),
    ("good", "paper"),
    ("warn", "warnwash"),
    ("warn", "paper"),
    ("on-brand", "brand"),
    ("on-bad", "bad"),
    ("on-critical", "critical"),
    ("on-apricot", "apricot"),
    ("on-head", "head"),
    ("on-head-soft", "head"),
    ("tag-ink", "tag"),
]
DRAWN = [
    *((mark, ground) for mark in ("edge", "focus", "band", "critical") for ground in GROUNDS),
    *((f"series-{n}", ground) for n in range(1, 6) for ground in GROUNDS),
    ("focus-on-head", "head"),
]


def read_tokens(*names: str) -> dict[str, str]:
    """The colour tokens of these files, later ones in place of earlier."""
    text = "".join((CSS / name).read_text() for name in names)
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", text))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast("#fff", "#000000")) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize(
    "files", [("tokens.css",), ("tokens.css", "dark.css")], ids=["light", "dark"]
)
def test_pairs_have_their_contrast(files: tuple[str, ...]) -> None:
    tokens = read_tokens(*files)
    low = [
        f"{a} on {b}: {contrast(tokens[a], tokens[b]):.2f} of {wanted}"
        for pairs, wanted in ((READ, 4.5), (DRAWN, 3.0))
        for a, b in pairs
        if contrast(tokens[a], tokens[b]) < wanted
    ]
    assert not low, low


def test_dark_has_each_colour_of_light() -> None:
    light, dark = read_tokens("tokens.css"), read_tokens("dark.css")
    assert set(light) - set(dark) == {"sheet", "sheet-ink"}, (
        "paper stays white: QR codes, signatures, documents"
    )


def test_components_draw_with_tokens() -> None:
    own = {
        path.name: found
        for path in CSS.glob("*.css")
        if path.name not in TOKEN_FILES
        and (found := re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(", path.read_text()))
    }
    assert not own, own
