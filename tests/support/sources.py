"""The source of the site: what contracts read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    p
    for d in ("alliance", "consent", "records")
    for p in (ROOT / d).rglob("*.py")
    if "migrations" not in p.parts
]
TEMPLATES = sorted(
    page for app in ("alliance", "consent", "records") for page in (ROOT / app).rglob("*.html")
)
