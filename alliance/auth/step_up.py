"""The decorator of pages whose act takes more than an open session: the password once more, within
the last minutes.
"""

from allauth.account.decorators import reauthentication_required

require_step_up = reauthentication_required(app="allauth.mfa")
