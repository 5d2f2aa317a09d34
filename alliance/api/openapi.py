"""What OpenAPI says of the administration API beyond shapes: refusals, how callers are known, and
the document itself, in English whatever the language of the installation.
"""

from functools import cache
from typing import Any

from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.renderers import JSONRenderer

from alliance.api.serializers import ReasonSerializer, RefusalSerializer
from alliance.auth.administration_scopes import SCOPE_MEANINGS

ANONYMOUS = OpenApiResponse(
    RefusalSerializer, "No session and no token, or one that does not count any more."
)
FORBIDDEN = OpenApiResponse(
    RefusalSerializer, "The role, the hospital or the token's scope does not include it."
)
ABSENT = OpenApiResponse(RefusalSerializer, "There is none.")
SETTLED = OpenApiResponse(RefusalSerializer, "It stands already, or waits already.")
INVALID = OpenApiResponse(OpenApiTypes.OBJECT, "What is wrong, by field.")
REFUSALS: dict[int, OpenApiResponse] = {401: ANONYMOUS, 403: FORBIDDEN}
TOKEN_URL = "/oauth/token"  # noqa: S105


class ApiSchema(AutoSchema):
    """With the body of DELETE, which says why."""

    def _get_request_body(self, direction: str = "request") -> Any:
        if self.method != "DELETE":
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        reason = self.resolve_serializer(ReasonSerializer(), "request")  # type: ignore[no-untyped-call]
        return {"content": {"application/json": {"schema": reason.ref}}, "required": True}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "alliance.api.authentication.BearerAuthentication"
    name = "administratorClient"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "oauth2",
            "description": (
                "A client that acts for one administrator, registered on their page"
                " Administrators' clients."
            ),
            "flows": {
                "clientCredentials": {
                    "tokenUrl": TOKEN_URL,
                    "scopes": {str(scope): says for scope, says in SCOPE_MEANINGS.items()},
                }
            },
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        scopes = getattr(auto_schema.view, "scopes", {})
        scope = scopes.get(auto_schema.method)
        return {self.name: [str(scope)] if scope else []}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": (
                "Signed in on the pages with both factors; each change carries X-CSRFToken."
            ),
        }


@cache
def describe_api() -> bytes:
    """The OpenAPI document as JSON, made once in a process."""
    with translation.override("en"):
        described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        rendered: bytes = JSONRenderer().render(described)
    return rendered
