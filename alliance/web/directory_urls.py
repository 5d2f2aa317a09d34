"""Addresses of the directory that a hospital keeps."""

from django.urls import path

from alliance.web import directory, directory_clinic

urlpatterns = [
    path("", directory.directory_page, name="directory"),
    path("department/", directory.change_department, name="new-department"),
    path(
        "department/<int:department_id>/",
        directory.change_department,
        name="change-department",
    ),
    path(
        "department/<int:department_id>/end/",
        directory.end_department,
        name="end-department",
    ),
    path(
        "department/<int:department_id>/clinic/",
        directory.add_clinic,
        name="new-clinic",
    ),
    path("clinic/<int:clinic_id>/", directory_clinic.clinic_page, name="clinic"),
    path(
        "clinic/<int:clinic_id>/change/",
        directory_clinic.change_clinic,
        name="change-clinic",
    ),
    path("clinic/<int:clinic_id>/end/", directory_clinic.end_clinic, name="end-clinic"),
    path("clinic/<int:clinic_id>/stop/", directory_clinic.stop_day, name="stop-day"),
]
