"""Domain refusals of the JSON administration API: 403 with a code and a text, 400 for what a model does not take."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from alliance.auth.errors import Forbidden


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, Forbidden):
        return Response({"code": error.code, "detail": str(error)}, status=403)
    if isinstance(error, ValidationError):
        return Response(error.message_dict if hasattr(error, "error_dict") else {"detail": error.messages}, status=400)
    return exception_handler(error, context)
