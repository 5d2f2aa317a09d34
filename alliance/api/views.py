"""The administrator's verbs as plain JSON, for scripts: the same services, the same refusals, the same audit lines."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alliance.models import Client, Hospital
from alliance.roles import Permission
from alliance.services.authority import hospitals_for
from alliance.services.clients import do_register_client, do_revoke_client
from alliance.services.membership import do_admit_hospital, do_resume_hospital, do_suspend_hospital


class HospitalSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Hospital
        fields = ["code", "name_zh", "name_en", "tier", "credit_code", "admitted_on", "leaves_on", "suspended_at", "suspended_reason"]
        read_only_fields = ["suspended_at", "suspended_reason"]


class ClientSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    hospital = serializers.SlugRelatedField(slug_field="code", queryset=Hospital.objects.all())

    class Meta:
        model = Client
        fields = ["client_id", "hospital", "name", "created_at", "revoked_at"]
        read_only_fields = ["client_id", "created_at", "revoked_at"]


class SuspensionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    suspended = serializers.BooleanField()
    reason = serializers.CharField(max_length=200, required=False, default="")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["suspended"] and len(data["reason"]) < 2:
            raise serializers.ValidationError({"reason": "Give a reason for the suspension."})
        return data


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
        given = SuspensionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        hospital = get_object_or_404(Hospital, code=code)
        if given.validated_data["suspended"]:
            do_suspend_hospital(hospital, reason=given.validated_data["reason"], acting=request.acting)  # type: ignore[attr-defined]
        else:
            do_resume_hospital(hospital, acting=request.acting)  # type: ignore[attr-defined]
        hospital.refresh_from_db()
        return Response(HospitalSerializer(hospital).data)


class Clients(ListAPIView):  # type: ignore[type-arg]
    needs = Permission.CLIENT_MANAGE
    serializer_class = ClientSerializer

    def get_queryset(self) -> Any:
        return Client.objects.filter(hospital__in=hospitals_for(self.request.acting, "administer_hospital")).select_related("hospital")  # type: ignore[attr-defined]

    def post(self, request: Request) -> Response:
        """201 with the secret, which is shown only here."""
        given = ClientSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        client, secret = do_register_client(given.validated_data["hospital"], name=given.validated_data["name"], acting=request.acting)  # type: ignore[attr-defined]
        return Response({**ClientSerializer(client).data, "client_secret": secret}, status=status.HTTP_201_CREATED)


class OneClient(APIView):
    needs = Permission.CLIENT_MANAGE
    serializer_class = ClientSerializer

    def delete(self, request: Request, client_id: str) -> Response:
        do_revoke_client(get_object_or_404(Client, client_id=client_id), acting=request.acting)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)
