"""Addresses of the clinician's and the record clerk's pages. No name or number of a patient stands in one."""

from django.urls import path

from records.web import actions, pages, reviews

urlpatterns = [
    path("", pages.home, name="home"),
    path("patients/", pages.patients, name="patients"),
    path("person/<uuid:person_id>/", pages.person, name="person"),
    path("person/<uuid:person_id>/treat/", actions.treat, name="treat"),
    path("person/<uuid:person_id>/emergency/", actions.emergency, name="emergency"),
    path("person/<uuid:person_id>/emergency/close/", actions.close_emergency, name="emergency-close"),
    path("person/<uuid:person_id>/consent/", actions.consent, name="consent"),
    path("person/<uuid:person_id>/consent/<int:directive_id>/withdraw/", actions.withdraw, name="withdraw"),
    path("person/<uuid:person_id>/<slug:tab>/", pages.person, name="person-tab"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<int:review_id>/", reviews.verdict, name="verdict"),
    path("reviews/unlink/<int:source_id>/", reviews.unlink, name="unlink"),
    path("audit/patient/", pages.audited_patient, name="audited-patient"),
]
