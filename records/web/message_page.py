"""A message of one hospital to the other about their referral."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.workflow.thread import do_write_message
from records.web.referral_forms import MessageForm
from records.web.referral_page import find_item


@require_POST
@require_staff(Permission.REFERRAL_ARRANGE)
def write_message(request: HttpRequest, item_id: int, *, acting: Principal) -> HttpResponse:
    """Raises DoesNotExist where the referral is between others."""
    item, form = find_item(item_id, acting), MessageForm(request.POST)
    if form.is_valid():
        try:
            do_write_message(item.pk, form.cleaned_data["text"], acting=acting)
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
    else:
        messages.warning(request, " ".join(str(e) for es in form.errors.values() for e in es))
    return redirect("referral", item.pk)
