"""Filters that an auditor has given a name: a link each, by which nothing more is let through than
by hand.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.models import SavedAuditFilter
from consent.web.audit_filter_form import AuditFilterForm

MOST = 30  # of one auditor
LONGEST_NAME, LONGEST_QUERY = 60, 1000


@require_POST
@require_staff(Permission.AUDIT_READ)
def save_audit_filter(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Save the filter of the page under a name, or take one off the list."""
    if number := request.POST.get("remove", ""):
        remove_saved_filter(acting, number)
        return redirect("audit")
    name = request.POST.get("name", "").strip()
    form = AuditFilterForm(
        request.POST, hospitals=hospitals_with_permission(acting, "audit_hospital")
    )
    query = query_of_form(form)
    if not name or len(name) > LONGEST_NAME or not query or len(query) > LONGEST_QUERY:
        messages.error(
            request,
            _("Nothing was saved: give the filter a name, and choose what it filters by first."),
        )
    elif len(list_saved_filters(acting)) >= MOST:
        messages.error(
            request,
            _("Nothing was saved: you have %(most)s filters. Remove one first.") % {"most": MOST},
        )
    else:
        SavedAuditFilter.objects.create(staff_id=int(acting.id), name=name, query=query)
        messages.success(request, _("The filter is saved."))
    return HttpResponseRedirect(f"{reverse('audit')}?{query}")


def query_of_form(form: AuditFilterForm) -> str:
    """What the form filters by, as the page's address says it, without the patient; "" of nothing
    and of what it does not understand.
    """
    if not form.is_valid():
        return ""
    query = QueryDict(mutable=True)
    for bound in form.visible_fields():
        if form.cleaned_data.get(bound.name):
            query[bound.name] = str(bound.value())
    return query.urlencode()


def list_saved_filters(acting: Principal) -> list[SavedAuditFilter]:
    """One's own, by name."""
    return list(
        SavedAuditFilter.objects.filter(staff_id=int(acting.id), removed_at=None).order_by(
            "name", "pk"
        )
    )


def remove_saved_filter(acting: Principal, number: str) -> None:
    """Take one's own off the list; of anybody else's nothing is said and nothing changed."""
    if number.isascii() and number.isdecimal() and len(number) < 19:
        SavedAuditFilter.objects.filter(
            pk=int(number), staff_id=int(acting.id), removed_at=None
        ).update(removed_at=timezone.now())
