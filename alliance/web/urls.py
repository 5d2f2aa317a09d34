"""Addresses of the administrator's pages."""

from django.urls import path

from alliance.web import clients, hospitals, proposals, staff, vouching

urlpatterns = [
    path("hospitals/", hospitals.hospitals, name="hospitals"),
    path("hospitals/<slug:code>/change/", hospitals.change, name="change-hospital"),
    path("hospitals/<slug:code>/suspend/", hospitals.suspend, name="suspend"),
    path("hospitals/<slug:code>/resume/", hospitals.resume, name="resume"),
    path("staff/", staff.staff, name="staff"),
    path("staff/<int:staff_id>/", staff.person, name="person-of-staff"),
    path("staff/<int:staff_id>/change/", staff.change, name="change-staff"),
    path("staff/<int:staff_id>/reset/", staff.reset, name="reset-staff"),
    path("staff/<int:staff_id>/end/", staff.end, name="end-staff"),
    path("staff/<int:staff_id>/return/", staff.take_back, name="return-staff"),
    path("staff/<int:staff_id>/first-password/", staff.first_password, name="first-password"),
    path("vouching/", vouching.vouching, name="vouching"),
    path("vouching/systems/<slug:client_id>/", vouching.vouch_client, name="vouch-client"),
    path("proposals/", proposals.proposals, name="proposals"),
    path("proposals/<int:proposal_id>/agree/", proposals.agree, name="agree-proposal"),
    path("proposals/<int:proposal_id>/refuse/", proposals.refuse, name="refuse-proposal"),
    path("clients/", clients.clients, name="clients"),
    path("clients/<slug:client_id>/secret/", clients.secret, name="client-secret"),
    path("clients/<slug:client_id>/change/", clients.change, name="change-client"),
    path("clients/<slug:client_id>/revoke/", clients.revoke, name="revoke"),
]
