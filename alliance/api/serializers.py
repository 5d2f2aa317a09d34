"""Shapes of what the administration API takes and answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alliance.auth import origins, scopes
from alliance.models import Client, Hospital, Proposal


class HospitalSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Hospital
        fields = [
            "code",
            "name_zh",
            "name_en",
            "tier",
            "credit_code",
            "admitted_on",
            "leaves_on",
            "suspended_at",
            "suspended_reason",
        ]
        read_only_fields = ["suspended_at", "suspended_reason"]


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class OriginsField(serializers.JSONField):
    """Origins of pages in browsers, as a list."""


class ClientSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    hospital = serializers.SlugRelatedField(
        slug_field="code", queryset=Hospital.objects.all(), help_text="The hospital's code."
    )
    origins = OriginsField(required=False, help_text="Of its pages in browsers.")
    may_launch = serializers.BooleanField(
        required=False, help_text="Whether it opens records as doctors (POST /launch)."
    )
    frame_origins = OriginsField(
        required=False, help_text="Of its pages that show such a record in a frame."
    )

    class Meta:
        model = Client
        fields = [
            "client_id",
            "hospital",
            "name",
            "scopes",
            "origins",
            "may_launch",
            "frame_origins",
            "created_at",
            "vouched_at",
            "revoked_at",
        ]
        read_only_fields = ["client_id", "created_at", "vouched_at", "revoked_at"]

    def validate_scopes(self, value: str) -> str:
        try:
            return str(scopes.parse_scopes(value, scopes.HOSTED_TYPES))
        except scopes.BadScope as error:
            raise serializers.ValidationError(str(error)) from error

    def validate_origins(self, value: Any) -> list[str]:
        try:
            found = origins.parse_origins(
                " ".join(map(str, value)) if isinstance(value, list) else str(value)
            )
        except origins.BadOrigin as error:
            raise serializers.ValidationError(f"{error} is no origin of a page.") from error
        if len(found) > origins.MAX_ORIGINS:
            raise serializers.ValidationError(f"At most {origins.MAX_ORIGINS} origins are taken.")
        return found

    def validate_frame_origins(self, value: Any) -> list[str]:
        return self.validate_origins(value)


class ClientChangeSerializer(ClientSerializer):
    reason = serializers.CharField(min_length=2, max_length=200, write_only=True)

    class Meta(ClientSerializer.Meta):
        fields = ["scopes", "origins", "may_launch", "frame_origins", "reason"]


class SuspensionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    suspended = serializers.BooleanField()
    reason = serializers.CharField(min_length=2, max_length=200)


class ProposalSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    proposed_by = serializers.CharField(
        source="proposed_by.user.username", read_only=True, help_text="User name."
    )
    values = serializers.DictField(read_only=True, help_text="With what it is carried out.")
    outcome = serializers.CharField(
        read_only=True, help_text="`agreed` or `refused`; empty while it waits."
    )

    class Meta:
        model = Proposal
        fields = [
            "id",
            "act",
            "target",
            "values",
            "reason",
            "proposed_by",
            "proposed_at",
            "expires_at",
            "outcome",
        ]
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


class RefusalSerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField(help_text="What refused, as the audit log calls it.")
    detail = serializers.CharField(help_text="Why, and what would mend it.")


class RegisteredClientSerializer(ClientSerializer):
    client_secret = serializers.CharField(
        read_only=True, help_text="Shown only here; kept as a hash."
    )

    class Meta(ClientSerializer.Meta):
        fields = [*ClientSerializer.Meta.fields, "client_secret"]
        read_only_fields = [*ClientSerializer.Meta.read_only_fields, "client_secret"]
