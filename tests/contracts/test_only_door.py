"""What import rules cannot say: a Scope is made in one place, the store's doors ask for it,
files stay small.
"""

import ast
import re

from tests.support.sources import ROOT, SOURCES

BUILT_BY_CODE = (  # hundreds of cells or lines a page: too many for templates
    "records/web/result_cell.py",
    "records/web/provenance.py",
)


def test_scope_is_made_in_one_place() -> None:
    makers = [
        p
        for p in SOURCES
        for n in ast.walk(ast.parse(p.read_text()))
        if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Scope"
    ]
    assert {p.relative_to(ROOT).as_posix() for p in makers} == {"consent/decide.py"}


STORE = {
    p.relative_to(ROOT / "records/store").with_suffix("").as_posix(): ast.parse(p.read_text())
    for p in (ROOT / "records/store").rglob("*.py")
    if p.stem != "__init__"
}
# module of the store whose functions take no Scope: why, and who alone may call it (None: it holds
# no row of a patient)
WITHOUT_SCOPE: dict[str, tuple[str, set[str] | None]] = {
    "changes": (
        "what the courier follows, told to each subscriber as far as its own scope reaches",
        {
            "subscriptions/subscription_state",
            "subscriptions/enqueue",
            "subscriptions/delivery",
            "sync/feed",
        },
    ),
    "synced_records": (
        "the ledger of sync about records that their own hospital wrote by FHIR; shows nothing",
        {"ingest/store_resources"},
    ),
    "feed_candidates": (
        "ids of what may concern a hospital, before the gate has decided; told to nobody",
        {"sync/feed", "store/feed_query"},
    ),
    "maintenance/index_fill_rows": (
        "setup gives stored resources what searches look at, and answers nobody",
        {"store/maintenance/reindex_rows", "maintenance/index_fill"},
    ),
    "seal_manifest": (
        "what a sealed record held, for the officer who seals it; behind the wall of each store",
        {"operations/person_seal"},
    ),
    "maintenance/reindex_rows": (
        "setup writes the index anew, and answers nobody",
        {
            "maintenance/index_fill",
            "maintenance/reindex",
            "management/commands/reindex",
        },
    ),
    "maintenance/mapping_rows": (
        "the platform counts local codes and stores records anew, and answers nobody",
        {"mapping/follow_store", "mapping/profile_codes", "mapping/rewrite_history"},
    ),
    "maintenance/practitioner_bodies": (
        "Practitioners, which are about no patient, for hashes of the staff",
        {"access_review/staff_keys"},
    ),
    "maintenance/reencode_rows": (
        "bodies are sealed anew under another key, and shown to nobody",
        {"store/maintenance/dictionary_training", "maintenance/reencode"},
    ),
    "maintenance/dictionary_training": (
        "a dictionary is learnt from bodies, which are shown to nobody",
        {"maintenance/reencode"},
    ),
    "chunks": (
        "files of bulk jobs, of whoever asked for the job",
        {
            "store/push_queue",
            "ingest/import_order",
            "bulk/export_job",
            "bulk/bulk_worker",
            "bulk/import_job",
            "bulk/bulk_jobs",
            "sync/sealed_content",
        },
    ),
    "push_queue": (
        "what a system has sent, of the system that sent it",
        {"pushes/push", "pushes/push_worker"},
    ),
    "clock": ("the time", None),
    "codec": ("bytes to bytes", None),
    "criteria_sql": ("SQL as text", None),
    "draft_columns": ("values of columns", None),
    "keys": ("keys of stores", None),
    "vocabulary": ("ways in which stores refer to patients, never which", None),
}
HELD = {
    "fetch_audited",
    "scoped_cursor",
    "hospital_cursor",
    "execute_with_audit",
    "cursor",
    "apply_session_scope",
}  # by which a function comes to the database


def called(node: ast.AST) -> set[str]:
    return {
        n.func.attr if isinstance(n.func, ast.Attribute) else getattr(n.func, "id", "")
        for n in ast.walk(node)
        if isinstance(n, ast.Call)
    }


def doors(module: ast.Module) -> list[ast.FunctionDef]:
    """The functions of a module that come to the database, by themselves or by another one of
    it.
    """
    functions = [n for n in module.body if isinstance(n, ast.FunctionDef)]
    found: set[str] = set()
    while more := {f.name for f in functions if called(f) & (HELD | found)} - found:
        found |= more
    return [f for f in functions if f.name in found]


def test_store_doors_take_a_scope_first() -> None:
    """In every module of the store, by name and type; but for those that are named above."""
    wrong, seen = [], 0
    for name, module in STORE.items():
        for door in doors(module) if name not in WITHOUT_SCOPE else ():
            first = door.args.args[0] if door.args.args else None
            seen += 1
            if first is None or (first.arg, getattr(first.annotation, "id", "")) != (
                "scope",
                "Scope",
            ):
                wrong.append(f"{name}.{door.name}")
    assert not wrong, (
        "what comes to the database takes a Scope first, or its module stands in WITHOUT_SCOPE"
        f" with its reason: {wrong}"
    )
    assert seen > 30 and not WITHOUT_SCOPE.keys() - STORE.keys()


def test_what_takes_no_scope_is_called_by_those_who_are_named() -> None:
    for name, (why, callers) in WITHOUT_SCOPE.items():
        folder, _, leaf = f"records.store.{name.replace('/', '.')}".rpartition(".")
        pattern = re.compile(
            rf"from {re.escape(folder)} import [^\n]*\b{leaf}\b|{re.escape(folder)}\.{leaf}\b"
        )
        found = {
            "/".join(p.relative_to(ROOT).with_suffix("").parts[1:])
            for p in SOURCES
            if pattern.search(p.read_text())
        }
        assert found, f"nobody calls {name}"
        assert callers is None or found == callers, f"{name} ({why}): {found ^ callers}"


def test_store_doors_tell_the_wall_first() -> None:
    """Their statements run by `fetch_audited` or on a cursor of consent.row_security, never on
    one that was told nothing: such a one is of psycopg itself, in a function that has told.
    """
    for name, module in STORE.items():
        for door in doors(module) if name not in WITHOUT_SCOPE and name != "rows" else ():
            calls = called(door)
            assert "execute_with_audit" not in calls, (
                f"{name}.{door.name} passes over the wall: ask by `fetch_audited`"
            )
            assert calls & {"fetch_audited", "scoped_cursor", "hospital_cursor"} or calls & {
                d.name for d in doors(module)
            } - {door.name}, f"{name}.{door.name} tells the wall nothing"
            bare = [
                n
                for n in ast.walk(door)
                if isinstance(n, ast.Call) and ast.unparse(n.func) == "connection.cursor"
            ]
            assert not bare, f"{name}.{door.name} opens a cursor that was told nothing"
    asked = next(
        f
        for f in STORE["rows"].body
        if isinstance(f, ast.FunctionDef) and f.name == "fetch_audited"
    )
    assert [ast.unparse(s).split("(")[0] for s in asked.body[1:]] == [
        "apply_session_scope",
        "return execute_with_audit",
    ], "told first, then asked"
    assert "hospital_cursor" in called(STORE["seal_manifest"]), (
        "the one without a Scope that reads bodies for somebody"
    )


def test_store_never_parses_json() -> None:
    assert not [
        p
        for p in (ROOT / "records/store").glob("*.py")
        if re.search(r"json\.loads|orjson|fhir\.json", p.read_text())
    ]


def test_files_stay_small() -> None:
    assert not [(p.name, n) for p in SOURCES if (n := len(p.read_text().splitlines())) > 400]


def test_every_event_of_the_audit_log_has_words() -> None:
    from consent.audit.event import EventCode
    from consent.web.templatetags.consent_filters import EVENT_WORDS

    assert set(EVENT_WORDS) == {str(c) for c in EventCode}


def test_no_page_shows_stored_text_as_html() -> None:
    """What was stored, narratives too, stands on pages as text alone: nothing is called safe."""
    pages = [p for d in ("alliance", "consent", "records") for p in (ROOT / d).rglob("*.html")]
    assert len(pages) > 50 and any("{{" in p.read_text() for p in pages)
    for path in (*pages, *SOURCES):
        unsafe = r"\|\s*safe(seq)?\b|autoescape off|mark_safe|SafeString"
        if path.relative_to(ROOT).as_posix() not in BUILT_BY_CODE:
            unsafe += "|format_html"
        assert not re.search(unsafe, path.read_text()), path


def test_what_code_builds_as_html_is_escaped_by_django() -> None:
    """The forms that format_html fills in are written there, whole: it escapes all that it is
    given beside them.
    """
    calls = [
        node
        for path in BUILT_BY_CODE
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.startswith("format_html")
    ]
    assert len(calls) > 5
    for call in calls:
        forms = call.args[: 2 if call.func.id == "format_html_join" else 1]  # type: ignore[attr-defined]
        assert all(isinstance(x, ast.Constant) for x in forms), ast.unparse(call)
