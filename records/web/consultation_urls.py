"""Addresses of the pages of consultations."""

from django.urls import path

from records.web import (
    consult_page,
    consultation_list,
    consultation_moves,
    consultation_opinion,
    consultation_page,
    consultation_print,
    consultation_signing,
)

CONSULTATION_PATHS = [
    path("person/<uuid:person_id>/consult/", consult_page.consult_page, name="consult"),
    path("consultations/", consultation_list.consultations_page, name="consultations"),
    path(
        "consultations/<int:consultation_id>/",
        consultation_page.consultation_page,
        name="consultation",
    ),
    path(
        "consultations/<int:consultation_id>/move/",
        consultation_moves.move_consultation,
        name="consultation-move",
    ),
    path(
        "consultations/<int:consultation_id>/opinion/",
        consultation_opinion.opinion_page,
        name="consultation-opinion",
    ),
    path(
        "consultations/<int:consultation_id>/sign/",
        consultation_signing.sign_page,
        name="consultation-sign",
    ),
    path(
        "consultations/<int:consultation_id>/record/<int:attachment_id>/",
        consultation_page.sent_record_page,
        name="consultation-record",
    ),
    path(
        "consultations/<int:consultation_id>/opinion.json",
        consultation_signing.opinion_file,
        name="consultation-file",
    ),
    path(
        "consultations/<int:consultation_id>/opinion.pdf",
        consultation_print.print_opinion,
        name="consultation-print",
    ),
]
