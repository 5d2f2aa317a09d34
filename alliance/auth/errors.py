"""Refusals of the front doors, as plain domain errors with a code."""


class AuthenticationFailed(Exception):
    """401: no token, or one that is unknown, expired or of a suspended member. The text tells the caller what to do."""

    code = "login"


class Forbidden(Exception):
    """403: signed in, but the role table or the gate says no."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
