"""Addresses of the JSON administration API; /api/schema/ describes it (OpenAPI)."""

from django.urls import path

from alliance.api import views

urlpatterns = [
    path("hospitals/", views.HospitalListView.as_view()),
    path("hospitals/<slug:code>/suspension/", views.SuspensionView.as_view()),
    path("proposals/", views.ProposalListView.as_view()),
    path("proposals/<int:proposal_id>/", views.ProposalView.as_view()),
    path("clients/", views.ClientListView.as_view()),
    path("clients/<slug:client_id>/", views.ClientView.as_view()),
    path("schema/", views.show_schema),
]
