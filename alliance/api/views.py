"""The administrator's verbs as plain JSON, for scripts: the same services, the same refusals,
the same audit lines.
"""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alliance.api.openapi import ABSENT, INVALID, REFUSALS, SETTLED, describe_api
from alliance.api.serializers import (
    ClientChangeSerializer,
    ClientSerializer,
    DecisionSerializer,
    HospitalSerializer,
    ProposalSerializer,
    ReasonSerializer,
    RegisteredClientSerializer,
    SuspensionSerializer,
)
from alliance.auth.administration_scopes import AdministrationScope
from alliance.models import Client, Hospital, Proposal
from alliance.roles import Permission
from alliance.services.authority import check_may_administer, hospitals_with_permission
from alliance.services.clients import (
    do_change_client,
    do_change_client_launch,
    do_register_client,
    do_revoke_client,
    of_members,
)
from alliance.services.membership import do_admit_hospital, do_propose_resume, do_suspend_hospital
from alliance.services.proposals import (
    do_agree_to_proposal,
    do_refuse_proposal,
    query_open_proposals,
)

Scopes = ClassVar[dict[str, AdministrationScope]]
S = AdministrationScope
LAUNCH_FIELDS = frozenset({"may_launch", "frame_origins"})
PROPOSED = OpenApiResponse(
    ProposalSerializer, "Proposed: it counts once another administrator of the alliance agrees."
)


@extend_schema_view(
    get=extend_schema(
        summary="List hospitals",
        description="The hospitals that the caller administers.",
        responses={200: HospitalSerializer(many=True), **REFUSALS},
    ),
)
class HospitalListView(ListAPIView):  # type: ignore[type-arg]
    needs = Permission.HOSPITAL_MANAGE
    scopes: Scopes = {"GET": S.HOSPITALS_READ, "POST": S.HOSPITALS_WRITE}
    serializer_class = HospitalSerializer

    def get_queryset(self) -> Any:
        return Hospital.objects.filter(
            pk__in=[
                h.pk for h in hospitals_with_permission(self.request.acting, "administer_hospital")
            ]
        )  # type: ignore[attr-defined]

    @extend_schema(
        summary="Admit a hospital",
        description="A new member. It opens nothing before it has staff and systems.",
        request=HospitalSerializer,
        responses={201: HospitalSerializer, 400: INVALID, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        given = HospitalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        hospital = do_admit_hospital(acting=request.acting, **given.validated_data)  # type: ignore[attr-defined]
        return Response(HospitalSerializer(hospital).data, status=status.HTTP_201_CREATED)


class SuspensionView(APIView):
    needs = Permission.HOSPITAL_MANAGE
    scopes: Scopes = {"PUT": S.HOSPITALS_WRITE}

    @extend_schema(
        summary="Suspend a hospital, or propose that it takes part again",
        description=(
            "Suspends at once, 200. That a hospital takes part again is proposed, 202, and another"
            " administrator agrees."
        ),
        request=SuspensionSerializer,
        responses={
            200: HospitalSerializer,
            202: PROPOSED,
            400: INVALID,
            404: ABSENT,
            409: SETTLED,
            **REFUSALS,
        },
    )
    def put(self, request: Request, code: str) -> Response:
        given = SuspensionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        hospital = get_object_or_404(Hospital, code=code)
        if given.validated_data["suspended"]:
            do_suspend_hospital(
                hospital, reason=given.validated_data["reason"], acting=request.acting
            )  # type: ignore[attr-defined]
        else:
            made = do_propose_resume(
                hospital, reason=given.validated_data["reason"], acting=request.acting
            )  # type: ignore[attr-defined]
            return Response(ProposalSerializer(made).data, status=status.HTTP_202_ACCEPTED)
        hospital.refresh_from_db()
        return Response(HospitalSerializer(hospital).data)


@extend_schema_view(
    get=extend_schema(
        summary="List proposals",
        description="What waits for a second administrator of the alliance.",
        responses={200: ProposalSerializer(many=True), **REFUSALS},
    ),
)
class ProposalListView(ListAPIView):  # type: ignore[type-arg]
    needs = Permission.PROPOSAL_DECIDE
    scopes: Scopes = {"GET": S.PROPOSALS_READ}
    serializer_class = ProposalSerializer

    def get_queryset(self) -> Any:
        check_may_administer(self.request.acting, Permission.PROPOSAL_DECIDE)  # type: ignore[attr-defined]
        return query_open_proposals().select_related("proposed_by__user")


class ProposalView(APIView):
    needs = Permission.PROPOSAL_DECIDE
    scopes: Scopes = {"PUT": S.PROPOSALS_WRITE}

    @extend_schema(
        summary="Agree to a proposal, or refuse it",
        description=(
            "Agreeing carries it out, and takes another administrator than who proposed it, in"
            " person: an administrator's client may refuse alone, and gets 403 `in_person` where it"
            " agrees. Refusing takes a reason."
        ),
        request=DecisionSerializer,
        responses={
            200: ProposalSerializer,
            400: INVALID,
            404: ABSENT,
            409: SETTLED,
            **REFUSALS,
        },
    )
    def put(self, request: Request, proposal_id: int) -> Response:
        given = DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        proposal = get_object_or_404(Proposal, pk=proposal_id)
        if given.validated_data["agreed"]:
            do_agree_to_proposal(proposal, acting=request.acting)  # type: ignore[attr-defined]
        else:
            do_refuse_proposal(
                proposal, reason=given.validated_data["reason"], acting=request.acting
            )  # type: ignore[attr-defined]
        proposal.refresh_from_db()
        return Response(ProposalSerializer(proposal).data)


@extend_schema_view(
    get=extend_schema(
        summary="List systems",
        description="The systems of the hospitals that the caller administers, revoked ones too.",
        responses={200: ClientSerializer(many=True), **REFUSALS},
    ),
)
class ClientListView(ListAPIView):  # type: ignore[type-arg]
    needs = Permission.CLIENT_MANAGE
    scopes: Scopes = {"GET": S.CLIENTS_READ, "POST": S.CLIENTS_WRITE}
    serializer_class = ClientSerializer

    def get_queryset(self) -> Any:
        own = hospitals_with_permission(self.request.acting, "administer_hospital")  # type: ignore[attr-defined]
        return Client.objects.filter(of_members(own)).select_related("hospital")

    @extend_schema(
        summary="Register a system",
        description=(
            "The answer has the secret, which is shown only there. The system reaches its own"
            " hospital's store; shared records once an officer has vouched for it. One that a"
            " script has registered gets no token before."
        ),
        request=ClientSerializer,
        responses={201: RegisteredClientSerializer, 400: INVALID, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        given = ClientSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        client, secret = do_register_client(acting=request.acting, **given.validated_data)  # type: ignore[attr-defined]
        return Response(
            {**ClientSerializer(client).data, "client_secret": secret},
            status=status.HTTP_201_CREATED,
        )


class ClientView(APIView):
    needs = Permission.CLIENT_MANAGE
    scopes: Scopes = {"PATCH": S.CLIENTS_WRITE, "DELETE": S.CLIENTS_WRITE}

    @extend_schema(
        summary="Change what a system may do",
        description=(
            "What is left out stays as it is; `reason` is required. Less than today counts at once,"
            " 200; more is proposed, 202, and another administrator agrees. `may_launch` and"
            " `frame_origins` are changed in a request of their own."
        ),
        request=ClientChangeSerializer,
        responses={
            200: ClientSerializer,
            202: PROPOSED,
            400: INVALID,
            404: ABSENT,
            409: SETTLED,
            **REFUSALS,
        },
    )
    def patch(self, request: Request, client_id: str) -> Response:
        client = get_object_or_404(Client, client_id=client_id, revoked_at=None)
        given = ClientChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        if said.keys() & LAUNCH_FIELDS and said.keys() & {"scopes", "origins"}:
            raise serializers.ValidationError(
                {"may_launch": ["Change it, and frame_origins, in a request of their own."]}
            )
        if said.keys() & LAUNCH_FIELDS:
            now = {"may_launch": client.may_launch, "frame_origins": client.frame_origins}
            made = do_change_client_launch(client, acting=request.acting, **now | said)  # type: ignore[attr-defined]
        else:
            now = {"scopes": client.scopes, "origins": client.origins}
            made = do_change_client(client, acting=request.acting, **now | said)  # type: ignore[attr-defined]
        client.refresh_from_db()
        return (
            Response(ClientSerializer(client).data)
            if made is None
            else Response(ProposalSerializer(made).data, status=status.HTTP_202_ACCEPTED)
        )

    @extend_schema(
        summary="Revoke a system",
        description="Its tokens stop at once, for good. The body says why.",
        responses={
            204: OpenApiResponse(None, "Revoked."),
            400: INVALID,
            404: ABSENT,
            **REFUSALS,
        },
    )
    def delete(self, request: Request, client_id: str) -> Response:
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        do_revoke_client(
            get_object_or_404(Client, client_id=client_id),
            reason=given.validated_data["reason"],
            acting=request.acting,
        )  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)


@require_GET
def show_schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, for everybody: it says what can be asked, and nothing of anybody."""
    return HttpResponse(describe_api(), content_type="application/json")
