"""The maps of a hospital: what is in force and what was, tables to take along and to read back, the
products of its source systems, and other members' maps to take over.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.forms import CharField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.mapping.kinds import KINDS, MappingKind, source_of_system
from records.mapping.map_table import list_table_rows, propose_from_table, write_csv, write_xlsx
from records.mapping.member_maps import list_members_of_brand, take_over_map
from records.mapping.sheet_reader import MOST_BYTES, BadTable
from records.mapping.standard_codes import target_systems
from records.models import CodeList, CodeMap, CodeMapping, LocalCode, SourceBrand
from records.web.mapping_pages import read_kind
from records.web.mapping_words import STATE_WORDS, TABLE_FAULTS, say_origin

PAGE = 50
SHOWN_FAULTS = 20
FORMS = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
}
EVER_IN_FORCE = Q(version__isnull=False)


@require_GET
@require_staff(Permission.CODE_MAP)
def mapping_versions_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    return render(request, "records/mapping_versions.html", describe_versions(request, acting))


def describe_versions(request: HttpRequest, acting: Principal) -> dict[str, Any]:
    kind = read_kind(request.GET.get("kind", request.POST.get("kind", "")))
    hospital = Hospital.objects.get(pk=acting.hospital_id)
    rows = (
        CodeMapping.objects.filter(EVER_IN_FORCE, hospital=hospital, kind=kind)
        .select_related("code", "proposed_by", "decided_by", "ended_by")
        .order_by("-version", "pk")
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    titles = target_systems(kind)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CODE_MAP_READ, target="mapping/versions", detail=kind.value
        )
    )
    versions = dict(CodeMap.objects.filter(hospital=hospital).values_list("kind", "version"))
    return {
        "kind": kind,
        "title": KINDS[kind].title,
        "kinds": [(k, row.title, versions.get(k.value, 0)) for k, row in KINDS.items()],
        "map": CodeMap.objects.filter(hospital=hospital, kind=kind).first(),
        "page": page,
        "rows": [
            (
                m,
                STATE_WORDS[m.state],
                titles.get(m.target_system, m.target_system),
                say_origin(m.origin),
            )
            for m in page
        ],
        "keep": f"kind={kind.value}",
        "lists": CodeList.objects.filter(kind=kind).order_by("title"),
        "sources": list_sources(hospital),
        "members": list_members_of_brand(hospital),
    }


def list_sources(hospital: Hospital) -> list[tuple[str, str]]:
    """(source, product) of all source systems that have sent codes."""
    brands = dict(SourceBrand.objects.filter(hospital=hospital).values_list("source", "brand"))
    systems = (
        LocalCode.objects.filter(hospital=hospital).values_list("system", flat=True).distinct()
    )
    sources = {s for system in systems if (s := source_of_system(system))}
    return [(s, brands.get(s, "")) for s in sorted(sources | brands.keys())]


@require_GET
@require_staff(Permission.CODE_MAP)
def mapping_table(request: HttpRequest, kind: str, form: str, *, acting: Principal) -> HttpResponse:
    if form not in FORMS or kind not in MappingKind._value2member_map_:
        raise Http404
    media, write = FORMS[form]
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CODE_MAP_READ, target="mapping/table", detail=kind
        )
    )
    content = write(list_table_rows(acting.hospital_id, MappingKind(kind)))
    return HttpResponse(
        content,
        content_type=media,
        headers={"Content-Disposition": f'attachment; filename="{acting.hospital}-{kind}.{form}"'},
    )


@require_POST
@require_staff(Permission.CODE_MAP)
def upload_mapping_table(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    kind = read_kind(request.POST.get("kind", ""))
    sent: Any = request.FILES.get("table")
    back = redirect(f"{reverse('mapping-versions')}?kind={kind.value}")
    if sent is None:
        messages.error(request, _("Choose a file first."))
        return back
    try:
        if sent.size > MOST_BYTES:
            raise BadTable("size")
        found = propose_from_table(sent.read(), kind, acting=acting)
    except BadTable as error:
        messages.error(request, str(TABLE_FAULTS[str(error)]))
        return back
    said = ngettext("%(n)s proposal was made.", "%(n)s proposals were made.", found.proposed) % {
        "n": found.proposed
    }
    (messages.success if found.proposed else messages.info)(request, said)
    for fault in found.faults[:SHOWN_FAULTS]:
        messages.error(
            request,
            _("Row %(row)s, %(code)s: %(says)s")
            % {"row": fault.row, "code": fault.code or "—", "says": fault.says},
        )
    if len(found.faults) > SHOWN_FAULTS:
        more = len(found.faults) - SHOWN_FAULTS
        messages.error(request, ngettext("%(n)s more row.", "%(n)s more rows.", more) % {"n": more})
    return back


@require_POST
@require_staff(Permission.CODE_MAP)
def set_source_brand(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Which product a source system is; an empty name takes it back."""
    hospital = Hospital.objects.get(pk=acting.hospital_id)
    source = request.POST.get("source", "")
    if source not in {s for s, _brand in list_sources(hospital)}:
        raise Http404
    try:
        brand = CharField(max_length=80, required=False).clean(request.POST.get("brand", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("mapping-versions")
    SourceBrand.objects.update_or_create(
        hospital=hospital, source=source, defaults={"brand": brand}
    )
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CODE_MAP_PROPOSE, target=f"source/{source}", detail=brand
        )
    )
    messages.success(request, _("Saved."))
    return redirect("mapping-versions")


@require_POST
@require_staff(Permission.CODE_MAP)
def take_over_members_map(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    kind = read_kind(request.POST.get("kind", ""))
    hospital = Hospital.objects.get(pk=acting.hospital_id)
    code = request.POST.get("member", "")
    member = next((h for h, _s, _b in list_members_of_brand(hospital) if h.code == code), None)
    if member is None:
        raise Http404
    taken = take_over_map(member, kind, acting=acting)
    said = ngettext("%(n)s proposal was made.", "%(n)s proposals were made.", taken.proposed) % {
        "n": taken.proposed
    }
    (messages.success if taken.proposed else messages.info)(request, said)
    if taken.unfit:
        messages.warning(
            request,
            ngettext(
                "%(n)s code was left out: its name or values here contradict what it means there.",
                "%(n)s codes were left out: their names or values here contradict what they mean"
                " there.",
                taken.unfit,
            )
            % {"n": taken.unfit},
        )
    return redirect("mapping-inbox")
