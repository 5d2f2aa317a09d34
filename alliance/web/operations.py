"""The administrators' page of the installation itself: what is wrong, and what to do about it,
to be read out on the telephone.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.operations.disk_space import node_name
from alliance.operations.installation_state import read_current_state
from alliance.operations.state_verdict import Urgency
from alliance.operations.verdicts import assess_state
from alliance.roles import Permission
from alliance.services.authority import check_may_administer


@require_GET
@require_staff(Permission.OPERATIONS_SEE)
def show_operations(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What needs somebody first; then what is well."""
    check_may_administer(acting, Permission.OPERATIONS_SEE)
    found = assess_state(read_current_state())
    return render(
        request,
        "alliance/operations.html",
        {
            "act": [v for v in found if v.level == Urgency.ACT],
            "look": [v for v in found if v.level == Urgency.LOOK],
            "well": [v for v in found if v.level == Urgency.OK],
            "node": node_name(),
        },
    )
