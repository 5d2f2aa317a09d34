"""What import rules cannot say: a Scope is made in one place, the store's doors ask for it, files stay small, words are complete."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [p for d in ("alliance", "consent", "records") for p in (ROOT / d).rglob("*.py") if "migrations" not in p.parts]


def test_scope_is_made_in_one_place() -> None:
    makers = [p for p in SOURCES for n in ast.walk(ast.parse(p.read_text())) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Scope"]
    assert {p.relative_to(ROOT).as_posix() for p in makers} == {"consent/decide.py"}


DOORS = ("read", "query", "history", "record", "write", "find")


def test_store_doors_take_a_scope_first() -> None:
    doors = 0
    for name in DOORS:
        for node in ast.parse((ROOT / f"records/store/{name}.py").read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name != "key":
                assert node.args.args[0].arg == "scope", f"{name}.{node.name}"
                doors += 1
    assert doors > 10


def test_store_doors_tell_the_wall_first() -> None:
    """Their statements run by `asked` or on a cursor of consent.wall, never on one that was told nothing."""
    for name in (*DOORS, "export", "simulate", "manifest"):
        source = (ROOT / f"records/store/{name}.py").read_text()
        assert "witnessed(" not in source and re.search(r"asked\(|behind\(|inside\(", source), name
        bare = [line for line in re.findall(r"(?<!\.)connection\.cursor\(\)[^\n]*\n[^\n]*", source) if "MEMBERS" not in line]
        assert not bare, f"{name}: {bare}"


def test_store_never_parses_json() -> None:
    assert not [p for p in (ROOT / "records/store").glob("*.py") if re.search(r"json\.loads|orjson|fhir\.json", p.read_text())]


def test_files_stay_small() -> None:
    assert not [(p.name, n) for p in SOURCES if (n := len(p.read_text().splitlines())) > 400]


def test_every_word_is_translated() -> None:
    catalogue = (ROOT / "alliance/config/locale/zh_Hans/LC_MESSAGES/django.po").read_text()
    known = {m.group(1) for m in re.finditer(r'^msgid "(.+)"$', catalogue, re.M)}
    assert not re.findall(r'^msgid "(.+)"\nmsgstr ""$', catalogue, re.M)
    used = set()
    for page in (ROOT / "alliance/web/templates").rglob("*.html"):
        used |= {m.group(2) for m in re.finditer(r"{% trans (['\"])(.+?)\1 %}", page.read_text())}
    for source in SOURCES:
        used |= set(re.findall(r'\b(?:_|gettext_lazy)\("((?:[^"\\]|\\.)+)"\)', source.read_text()))
        used |= set(re.findall(r'\b(?:Forbidden|Undecidable|AlreadyStands)\("\w+", "((?:[^"\\]|\\.)+)"\)', source.read_text()))
    assert len(used) > 150 and not used - known


def test_every_event_of_the_audit_log_has_words() -> None:
    from alliance.web.templatetags.xinglin import EVENT
    from consent.audit.event import EventCode

    assert set(EVENT) == {str(c) for c in EventCode}


def test_no_page_shows_stored_text_as_html() -> None:
    """What was stored, narratives too, stands on pages as text alone: nothing is called safe."""
    pages = [p for d in ("alliance", "consent", "records") for p in (ROOT / d).rglob("*.html")]
    assert len(pages) > 50 and any("{{" in p.read_text() for p in pages)
    for path in (*pages, *SOURCES):
        assert not re.search(r"\|\s*safe(seq)?\b|autoescape off|mark_safe|SafeString|format_html", path.read_text()), path
