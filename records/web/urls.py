"""Addresses of the clinician's and the record clerk's pages. No name or number of a patient stands in one."""

from django.urls import path

from records.web import actions, consents, decisions, identity, my, pages, privacy, reviews

urlpatterns = [
    path("", pages.home, name="home"),
    path("patients/", pages.patients, name="patients"),
    path("person/<uuid:person_id>/", pages.person, name="person"),
    path("person/<uuid:person_id>/treat/", actions.treat, name="treat"),
    path("person/<uuid:person_id>/emergency/", actions.emergency, name="emergency"),
    path("person/<uuid:person_id>/emergency/close/", actions.close_emergency, name="emergency-close"),
    path("person/<uuid:person_id>/consent/", consents.consents, name="consent"),
    path("person/<uuid:person_id>/consent/<int:directive_id>/withdraw/", consents.withdraw, name="withdraw"),
    path("person/<uuid:person_id>/consent/<int:directive_id>/verify/", consents.verify, name="verify"),
    path("person/<uuid:person_id>/consent/<int:directive_id>/image/", consents.image, name="consent-image"),
    path("person/<uuid:person_id>/consent/access/", consents.access, name="access"),
    path("person/<uuid:person_id>/why/", consents.why, name="why"),
    path("person/<uuid:person_id>/why/<int:staff_id>/", consents.why_staff, name="why-staff"),
    path("person/<uuid:person_id>/identity/", identity.identity, name="identity"),
    path("person/<uuid:person_id>/identity/merge/", identity.merge, name="merge"),
    path("person/<uuid:person_id>/identity/split/", identity.split, name="split"),
    path("person/<uuid:person_id>/identity/<int:source_id>/confirm/", identity.confirm, name="confirm"),
    path("person/<uuid:person_id>/identity/<int:source_id>/number/", identity.correct, name="correct"),
    path("person/<uuid:person_id>/seal/", privacy.seal, name="seal"),
    path("person/<uuid:person_id>/<slug:tab>/", pages.person, name="person-tab"),
    path("my/", my.my, name="my"),
    path("my/sign-in/", my.sign_in, name="my-sign-in"),
    path("my/sign-out/", my.sign_out, name="my-sign-out"),
    path("my/consent/<int:directive_id>/withdraw/", my.withdraw, name="my-withdraw"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("privacy/emergencies/<int:emergency_id>/review/", privacy.review, name="emergency-review"),
    path("privacy/emergencies/<int:emergency_id>/tell/", privacy.tell, name="emergency-tell"),
    path("privacy/seals/<int:seal_id>/lift/", privacy.lift, name="seal-lift"),
    path("privacy/seals/<int:seal_id>/manifest.txt", privacy.manifest, name="seal-manifest"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/crowded/<int:source_id>/", reviews.look_through, name="look-through"),
    path("reviews/next/", reviews.following, name="following"),
    path("reviews/<int:review_id>/", reviews.pair, name="review"),
    path("reviews/<int:review_id>/verdict/", reviews.verdict, name="verdict"),
    path("decisions/<int:decision_id>/undo/", decisions.undo, name="undo"),
    path("audit/patient/", pages.audited_patient, name="audited-patient"),
]
