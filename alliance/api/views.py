"""The administrator's verbs as plain JSON, for scripts: the same services, the same refusals, the same audit lines."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alliance.auth import origins, scopes
from alliance.models import Client, Hospital, Proposal
from alliance.roles import Permission
from alliance.services.authority import hospitals_for, must
from alliance.services.clients import do_change_client, do_register_client, do_revoke_client
from alliance.services.membership import do_admit_hospital, do_propose_resume, do_suspend_hospital
from alliance.services.proposals import do_agree, do_refuse, standing


class HospitalSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Hospital
        fields = ["code", "name_zh", "name_en", "tier", "credit_code", "admitted_on", "leaves_on", "suspended_at", "suspended_reason"]
        read_only_fields = ["suspended_at", "suspended_reason"]


class ClientSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    hospital = serializers.SlugRelatedField(slug_field="code", queryset=Hospital.objects.all())

    class Meta:
        model = Client
        fields = ["client_id", "hospital", "name", "scopes", "origins", "created_at", "vouched_at", "revoked_at"]
        read_only_fields = ["client_id", "created_at", "vouched_at", "revoked_at"]

    def validate_scopes(self, value: str) -> str:
        try:
            return str(scopes.parse(value, scopes.HOSTED))
        except scopes.BadScope as error:
            raise serializers.ValidationError(str(error)) from error

    def validate_origins(self, value: Any) -> list[str]:
        try:
            found = origins.parse(" ".join(map(str, value)) if isinstance(value, list) else str(value))
        except origins.BadOrigin as error:
            raise serializers.ValidationError(f"{error} is no origin of a page.") from error
        if len(found) > origins.MOST:
            raise serializers.ValidationError(f"At most {origins.MOST} origins are taken.")
        return found


class ClientChangeSerializer(ClientSerializer):
    reason = serializers.CharField(min_length=2, max_length=200, write_only=True)

    class Meta(ClientSerializer.Meta):
        fields = ["scopes", "origins", "reason"]


class SuspensionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    suspended = serializers.BooleanField()
    reason = serializers.CharField(min_length=2, max_length=200)


class ProposalSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    proposed_by = serializers.CharField(source="proposed_by.user.username", read_only=True)

    class Meta:
        model = Proposal
        fields = ["id", "act", "target", "values", "reason", "proposed_by", "proposed_at", "expires_at", "outcome"]
        read_only_fields = fields


class DecisionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    agreed = serializers.BooleanField()
    reason = serializers.CharField(max_length=200, required=False, default="")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if not data["agreed"] and len(data["reason"]) < 2:
            raise serializers.ValidationError({"reason": "Give a reason for the refusal."})
        return data


class ReasonSerializer(serializers.Serializer):  # type: ignore[type-arg]
    reason = serializers.CharField(min_length=2, max_length=200)


class Hospitals(ListAPIView):  # type: ignore[type-arg]
    needs = Permission.HOSPITAL_MANAGE
    serializer_class = HospitalSerializer

    def get_queryset(self) -> Any:
        return Hospital.objects.filter(pk__in=[h.pk for h in hospitals_for(self.request.acting, "administer_hospital")])  # type: ignore[attr-defined]

    def post(self, request: Request) -> Response:
        given = HospitalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        hospital = do_admit_hospital(acting=request.acting, **given.validated_data)  # type: ignore[attr-defined]
        return Response(HospitalSerializer(hospital).data, status=status.HTTP_201_CREATED)


class Suspension(APIView):
    needs = Permission.HOSPITAL_MANAGE
    serializer_class = SuspensionSerializer

    def put(self, request: Request, code: str) -> Response:
        """Suspends at once. That a hospital takes part again is proposed, 202, and another administrator agrees (proposals/)."""
        given = SuspensionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        hospital = get_object_or_404(Hospital, code=code)
        if given.validated_data["suspended"]:
            do_suspend_hospital(hospital, reason=given.validated_data["reason"], acting=request.acting)  # type: ignore[attr-defined]
        else:
            made = do_propose_resume(hospital, reason=given.validated_data["reason"], acting=request.acting)  # type: ignore[attr-defined]
            return Response(ProposalSerializer(made).data, status=status.HTTP_202_ACCEPTED)
        hospital.refresh_from_db()
        return Response(HospitalSerializer(hospital).data)


class Proposals(ListAPIView):  # type: ignore[type-arg]
    """What waits for a second administrator of the alliance."""

    needs = Permission.PROPOSAL_DECIDE
    serializer_class = ProposalSerializer

    def get_queryset(self) -> Any:
        must(self.request.acting, Permission.PROPOSAL_DECIDE)  # type: ignore[attr-defined]
        return standing().select_related("proposed_by__user")


class OneProposal(APIView):
    needs = Permission.PROPOSAL_DECIDE
    serializer_class = DecisionSerializer

    def put(self, request: Request, proposal_id: int) -> Response:
        """{"agreed": true}, or {"agreed": false, "reason": "…"}."""
        given = DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        proposal = get_object_or_404(Proposal, pk=proposal_id)
        if given.validated_data["agreed"]:
            do_agree(proposal, acting=request.acting)  # type: ignore[attr-defined]
        else:
            do_refuse(proposal, reason=given.validated_data["reason"], acting=request.acting)  # type: ignore[attr-defined]
        proposal.refresh_from_db()
        return Response(ProposalSerializer(proposal).data)


class Clients(ListAPIView):  # type: ignore[type-arg]
    needs = Permission.CLIENT_MANAGE
    serializer_class = ClientSerializer

    def get_queryset(self) -> Any:
        return Client.objects.filter(hospital__in=hospitals_for(self.request.acting, "administer_hospital")).select_related("hospital")  # type: ignore[attr-defined]

    def post(self, request: Request) -> Response:
        """201 with the secret, which is shown only here."""
        given = ClientSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        client, secret = do_register_client(acting=request.acting, **given.validated_data)  # type: ignore[attr-defined]
        return Response({**ClientSerializer(client).data, "client_secret": secret}, status=status.HTTP_201_CREATED)


class OneClient(APIView):
    needs = Permission.CLIENT_MANAGE
    serializer_class = ClientSerializer

    def patch(self, request: Request, client_id: str) -> Response:
        """{"scopes": "…", "origins": […], "reason": "…"}: less than today at once, 200; more is proposed, 202, and another administrator agrees."""
        client = get_object_or_404(Client, client_id=client_id, revoked_at=None)
        given = ClientChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = {"scopes": client.scopes, "origins": client.origins} | given.validated_data
        made = do_change_client(client, acting=request.acting, **wanted)  # type: ignore[attr-defined]
        client.refresh_from_db()
        return Response(ClientSerializer(client).data) if made is None else Response(ProposalSerializer(made).data, status=status.HTTP_202_ACCEPTED)

    def delete(self, request: Request, client_id: str) -> Response:
        """The body says why: {"reason": "…"}."""
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        do_revoke_client(get_object_or_404(Client, client_id=client_id), reason=given.validated_data["reason"], acting=request.acting)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)
