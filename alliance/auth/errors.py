"""Refusals of the front doors, as plain domain errors with a code. `written`: whether the
refusal stands in the audit log already.
"""


class AuthenticationFailed(Exception):
    """401: no token, or one that is unknown, expired or of a suspended member. The text tells
    the caller what to do. client: whose token it is or was, where that is known; account: of an
    administrator's client, for whom it acts.
    """

    written = False

    def __init__(
        self,
        message: str,
        code: str = "login",
        client: str = "",
        hospital: str = "",
        account: str = "",
    ) -> None:
        super().__init__(message)
        self.code, self.client, self.hospital, self.account = code, client, hospital, account


class Forbidden(Exception):
    """403: signed in, but the role table or the gate says no."""

    written = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AlreadyDone(Exception):
    """Nothing was done: what was asked for stands already. The text says what, for the reader."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
