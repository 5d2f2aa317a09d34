"""Addresses of the administrator's pages."""

from django.urls import path

from alliance.web import pages

urlpatterns = [
    path("hospitals/", pages.hospitals, name="hospitals"),
    path("hospitals/<slug:code>/suspend/", pages.suspend, name="suspend"),
    path("staff/", pages.staff, name="staff"),
    path("staff/<int:staff_id>/end/", pages.end_staff, name="end-staff"),
    path("clients/", pages.clients, name="clients"),
    path("clients/<slug:client_id>/revoke/", pages.revoke, name="revoke"),
]
