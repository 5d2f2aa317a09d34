"""Addresses of the JSON administration API; /api/schema/ describes it (OpenAPI)."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from alliance.api import views
from alliance.roles import Permission


class Schema(SpectacularAPIView):
    needs = Permission.CLIENT_MANAGE


urlpatterns = [
    path("hospitals/", views.Hospitals.as_view()),
    path("hospitals/<slug:code>/suspension/", views.Suspension.as_view()),
    path("proposals/", views.Proposals.as_view()),
    path("proposals/<int:proposal_id>/", views.OneProposal.as_view()),
    path("clients/", views.Clients.as_view()),
    path("clients/<slug:client_id>/", views.OneClient.as_view()),
    path("schema/", Schema.as_view()),
]
