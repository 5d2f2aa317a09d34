"""The workbench of local codes: which wait, by kind and rank; one code with what is known of it and
what it may mean. For clerks, of their own hospital's codes alone; no record is read.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from rapidfuzz import fuzz, process

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.mapping.code_names import core_name, fold_name
from records.mapping.code_ranking import (
    STATES,
    count_kinds,
    filter_by_words,
    is_showable,
    query_ranked_codes,
    show_code,
)
from records.mapping.kinds import KINDS, MappingKind
from records.mapping.map_decisions import do_propose_mapping
from records.mapping.member_maps import find_other_members_mappings
from records.mapping.preview import preview_mapping
from records.mapping.standard_codes import StandardTarget, get_target_index, target_systems
from records.mapping.suggestions import suggest_targets
from records.models import CodeMapping, LocalCode
from records.web.mapping_words import (
    EQUIVALENCE_WORDS,
    STATE_WORDS,
    say_contradiction,
    say_origin,
    show_part,
)

PAGE = 50
MOST_FOUND = 15  # standard codes that a search shows
DEFAULT_KIND = MappingKind.LABORATORY


def read_kind(text: str) -> MappingKind:
    return MappingKind(text) if text in MappingKind._value2member_map_ else DEFAULT_KIND


@require_GET
@require_staff(Permission.CODE_MAP)
def local_codes_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    kind = read_kind(request.GET.get("kind", ""))
    state = request.GET.get("state", "")
    state = state if state in STATES else STATES[0]
    words = request.GET.get("q", "").strip()[:100]
    ranked: Any = query_ranked_codes(acting.hospital_id, kind, state)
    page = Paginator(filter_by_words(ranked, words) if words else ranked, PAGE).get_page(
        request.GET.get("page")
    )
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CODE_MAP_READ, target="mapping", detail=f"{kind} · {state}"
        )
    )
    keep = {"kind": kind.value, "state": state} | ({"q": words} if words else {})
    return render(
        request,
        "records/mapping.html",
        {
            "kinds": [(f, KINDS[f.kind].title) for f in count_kinds(acting.hospital_id)],
            "kind": kind,
            "title": KINDS[kind].title,
            "states": [(s, STATE_WORDS[s]) for s in STATES],
            "state": state,
            "words": words,
            "page": page,
            "codes": [show_code(row) for row in page],
            "keep": urlencode(keep),
            "waiting": query_open_proposals(acting).count(),
        },
    )


def query_open_proposals(acting: Principal) -> Any:
    """Those that a clerk may decide about, also their own, which they may take back."""
    rows = CodeMapping.objects.filter(state=CodeMapping.State.PROPOSED)
    return rows if acting.alliance_wide else rows.filter(hospital_id=acting.hospital_id)


@require_GET
@require_staff(Permission.CODE_MAP)
def local_code_page(request: HttpRequest, code_id: int, *, acting: Principal) -> HttpResponse:
    code = get_own_code(code_id, acting)
    return render(request, "records/mapping_code.html", describe_code(request, code, acting))


def get_own_code(code_id: int, acting: Principal) -> LocalCode:
    """Raises Http404 for another hospital's, and for one that too few patients have."""
    code = get_object_or_404(
        LocalCode.objects.select_related("hospital"), pk=code_id, hospital_id=acting.hospital_id
    )
    if not is_showable(code):
        raise Http404
    return code


def describe_code(request: HttpRequest, code: LocalCode, acting: Principal) -> dict[str, Any]:
    """All that the page of one code shows; ?target= is what would be proposed, ?find= what is
    looked for in the lists.
    """
    kind, shown = MappingKind(code.kind), show_code(code)
    index = get_target_index(kind)
    titles = target_systems(kind)
    others = find_other_members_mappings(code)
    suggestions = suggest_targets(kind, code.code, code.text, shown.profile, index, others)
    find = request.GET.get("find", "").strip()[:100]
    system, _bar, target_code = request.GET.get("target", "").partition("|")
    target = index.by_code.get((system, target_code))
    append_event(
        AuditEvent.from_principal(acting, EventCode.CODE_MAP_READ, target=f"mapping/{code.pk}")
    )
    history = list(
        code.mappings.select_related("proposed_by", "decided_by", "ended_by").order_by("-pk")[:50]
    )
    preview = preview_mapping(code, target) if target else None
    return {
        "code": code,
        "shown": shown,
        "title": KINDS[kind].title,
        "kind": kind,
        "systems": titles,
        "listed": bool(index.targets),
        "suggestions": [
            {
                "target": s.target,
                "system": titles.get(s.target.system, s.target.system),
                "score": s.score,
                "parts": [show_part(p) for p in s.parts],
                "against": [say_contradiction(c) for c in s.contradictions],
                "key": f"{s.target.system}|{s.target.code}",
            }
            for s in suggestions
        ],
        "find": find,
        "found": [
            (t, titles.get(t.system, t.system), f"{t.system}|{t.code}")
            for t in (find_standard_codes(kind, find) if find else [])
        ],
        "preview": preview,
        "against": [say_contradiction(c) for c in preview.contradictions] if preview else [],
        "chosen_system": titles.get(system, system),
        "equivalences": EQUIVALENCE_WORDS.items(),
        "unknown": bool(target_code) and target is None,
        "in_force": [m for m in history if m.state == CodeMapping.State.APPROVED],
        "proposed": [m for m in history if m.state == CodeMapping.State.PROPOSED],
        "history": [
            (
                m,
                STATE_WORDS[m.state],
                titles.get(m.target_system, m.target_system),
                say_origin(m.origin),
            )
            for m in history
        ],
    }


def find_standard_codes(kind: MappingKind, words: str) -> list[StandardTarget]:
    """By code, by a part of the name, or by a name that is alike."""
    index = get_target_index(kind)
    wanted, folded = words.casefold(), fold_name(words)
    found: dict[int, None] = {}
    for number, target in enumerate(index.targets):
        if target.code.casefold().startswith(wanted):
            found[number] = None
    for word in filter(None, (folded, core_name(words))):
        found |= dict.fromkeys(index.by_word.get(word, ()))
    for number, name in enumerate(index.names):
        if len(found) >= MOST_FOUND:
            break
        if folded and folded in name:
            found[index.owners[number]] = None
    if len(found) < MOST_FOUND and folded:
        for _name, _score, at in process.extract(
            folded, index.names, scorer=fuzz.WRatio, limit=MOST_FOUND, score_cutoff=75
        ):
            found[index.owners[at]] = None
    return [index.targets[n] for n in list(found)[:MOST_FOUND]]


@require_POST
@require_staff(Permission.CODE_MAP)
def propose_mapping(request: HttpRequest, code_id: int, *, acting: Principal) -> HttpResponse:
    code = get_own_code(code_id, acting)
    system, _bar, target = request.POST.get("target", "").partition("|")
    try:
        do_propose_mapping(
            code,
            system,
            target,
            equivalence=request.POST.get("equivalence", ""),
            reason=request.POST.get("reason", "").strip()[:500],
            acting=acting,
        )
    except ValidationError as error:
        for said in error.messages:
            messages.error(request, said)
    except AlreadyDone as done:
        messages.warning(request, str(done))
    else:
        messages.success(request, _("Proposed: another clerk agrees to it, or refuses."))
    return redirect("local-code", code.pk)
