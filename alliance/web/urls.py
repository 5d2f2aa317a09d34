"""Addresses of the administrator's pages."""

from django.urls import path

from alliance.web import (
    administrator_clients,
    appointments,
    approval,
    clients,
    enrolment,
    hospitals,
    operations,
    proposals,
    staff,
    vouching,
)

urlpatterns = [
    path("operations/", operations.show_operations, name="operations"),
    path("hospitals/", hospitals.list_hospitals, name="hospitals"),
    path("referral-approval/", approval.set_referral_approval, name="referral-approval"),
    path("hospitals/<slug:code>/change/", hospitals.change_hospital, name="change-hospital"),
    path("hospitals/<slug:code>/suspend/", hospitals.suspend_hospital, name="suspend"),
    path("hospitals/<slug:code>/resume/", hospitals.resume_hospital, name="resume"),
    path("staff/", staff.list_staff, name="staff"),
    path("staff/<int:staff_id>/", staff.show_staff_member, name="person-of-staff"),
    path("staff/<int:staff_id>/change/", staff.change_staff, name="change-staff"),
    path("staff/<int:staff_id>/reset/", staff.reset_staff_credentials, name="reset-staff"),
    path("staff/<int:staff_id>/end/", staff.end_employment, name="end-staff"),
    path("staff/<int:staff_id>/return/", staff.take_back_staff, name="return-staff"),
    path("staff/<int:staff_id>/first-password/", staff.show_first_password, name="first-password"),
    path("staff/<int:staff_id>/appoint/", appointments.propose_appointment, name="appoint"),
    path("appointments/", appointments.list_appointments, name="appointments"),
    path(
        "appointments/<int:appointment_id>/end/",
        appointments.end_appointment,
        name="end-appointment",
    ),
    path("vouching/", vouching.show_accounts_to_vouch, name="vouching"),
    path("vouching/systems/<slug:client_id>/", vouching.vouch_client, name="vouch-client"),
    path("proposals/", proposals.list_proposals, name="proposals"),
    path("proposals/<int:proposal_id>/agree/", proposals.agree_to_proposal, name="agree-proposal"),
    path("proposals/<int:proposal_id>/refuse/", proposals.refuse_proposal, name="refuse-proposal"),
    path(
        "administrator-clients/",
        administrator_clients.list_administrator_clients,
        name="administrator-clients",
    ),
    path(
        "administrator-clients/register/",
        administrator_clients.register_administrator_client,
        name="register-administrator-client",
    ),
    path(
        "administrator-clients/<slug:client_id>/secret/",
        administrator_clients.show_administrator_client_secret,
        name="administrator-client-secret",
    ),
    path(
        "administrator-clients/<slug:client_id>/revoke/",
        administrator_clients.revoke_administrator_client,
        name="revoke-administrator-client",
    ),
    path("enrolment-codes/", enrolment.list_enrolment_codes, name="enrolment-codes"),
    path(
        "enrolment-codes/<int:enrolment_id>/", enrolment.show_enrolment_code, name="enrolment-code"
    ),
    path(
        "enrolment-codes/<int:enrolment_id>/withdraw/",
        enrolment.withdraw_enrolment_code,
        name="withdraw-enrolment-code",
    ),
    path("clients/", clients.list_clients, name="clients"),
    path("clients/<slug:client_id>/secret/", clients.show_client_secret, name="client-secret"),
    path("clients/<slug:client_id>/change/", clients.change_client, name="change-client"),
    path("clients/<slug:client_id>/revoke/", clients.revoke_client, name="revoke"),
]
