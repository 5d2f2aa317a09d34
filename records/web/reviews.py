"""The record clerk's list: pairs that may be one patient, with the reasons for doubt, and the persons that were linked."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.models import LinkEvent, Review
from records.mpi import link


@require_GET
@page(Permission.LINK_REVIEW)
def reviews(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    append(Event.of(acting, EventCode.LINK_REVIEW, target="reviews"))
    waiting = Review.objects.filter(link.concerning(acting, "one", "two"), state=Review.State.OPEN).select_related("one__hospital", "two__hospital")[:100]
    linked = LinkEvent.objects.filter(link.concerning(acting, "source")).select_related("source__hospital").exclude(before=None).order_by("-at")[:30]
    return render(request, "records/reviews.html", {"waiting": waiting, "linked": linked})


@require_POST
@page(Permission.LINK_REVIEW)
def verdict(request: HttpRequest, review_id: int, *, acting: Principal) -> HttpResponse:
    link.do_decide_review(review_id, same=request.POST.get("verdict") == "same", acting=acting)
    messages.success(request, _("Decided."))
    return redirect("reviews")


@require_POST
@page(Permission.LINK_REVIEW)
def unlink(request: HttpRequest, source_id: int, *, acting: Principal) -> HttpResponse:
    link.do_unlink(source_id, acting=acting)
    messages.success(request, _("Unlinked: this registration is a person of its own again."))
    return redirect("reviews")
