"""docs/reference and the pictures drawn from text are those of today's sources."""

import hashlib
import importlib.util
import re
from pathlib import Path

from django.apps import apps

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_reference_is_what_the_code_states() -> None:
    made = importlib.util.spec_from_file_location(
        "make_reference", DOCS / "reference/make_reference.py"
    )
    assert made and made.loader
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    written = module.files()
    assert (
        "| Observation |" in written["fhir.md"]
        and "PUT /api/proposals/{proposal_id}/" in written["administration.md"]
    )
    assert [
        n for n, text in written.items() if (DOCS / "reference" / n).read_text() != text
    ] == [], "run: make reference"


def test_each_diagram_is_drawn_from_its_text() -> None:
    texts = sorted((DOCS / "img").glob("*.dot"))
    states = [t for t in texts if t.name.startswith("states-")]
    assert len(texts) - len(states) == 3
    made = importlib.util.spec_from_file_location("make_states", DOCS / "img/make_states.py")
    assert made and made.loader
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    assert {t.name: t.read_text() for t in states} == module.write_states(), "run: make diagrams"
    old = [
        t.name
        for t in texts
        if f"source sha256 {hashlib.sha256(t.read_bytes()).hexdigest()}"
        not in t.with_suffix(".svg").read_text()
    ]
    assert old == [], "run: make diagrams"


def test_each_picture_of_a_page_stands_on_a_page_and_all_are_small() -> None:
    pictures = sorted((DOCS / "img/pages").glob("*.png"))
    pages = "".join(p.read_text() for p in DOCS.rglob("*.md"))
    assert len(pictures) > 40 and sum(p.stat().st_size for p in pictures) < 3 << 20
    assert [p.name for p in pictures if p.name not in pages] == [], (
        "nobody sees it: leave it out of make_pictures.py"
    )


def test_the_data_diagram_names_tables_that_there_are() -> None:
    drawn = set(re.findall(r"^    (\w+) \[label=", (DOCS / "img/data.dot").read_text(), re.M))
    made = {m._meta.db_table for m in apps.get_models()}
    made |= {
        t
        for p in DOCS.parent.glob("*/**/*")
        if p.suffix in {".sql", ".py"} and p.parts[-2] in {"sql", "migrations"}
        for t in re.findall(r"CREATE TABLE (\w+)", p.read_text())
    }
    assert len(drawn) > 15 and drawn <= made, drawn - made
