"""Addresses of what the alliance sets for work between hospitals."""

from django.urls import path

from alliance.web import deadlines

urlpatterns = [
    path("deadlines/", deadlines.deadlines_page, name="deadlines"),
    path("calendar/", deadlines.set_calendar, name="work-calendar"),
]
