"""Log gunicorn's lines in the form of all others: with a code, and without what a caller
has sent.
"""

import logging
from typing import Any

from gunicorn.glogging import Logger

from alliance.platform.log_format import make_formatter


class GunicornLogger(Logger):
    def _set_handler(
        self, log: logging.Logger, output: Any, fmt: logging.Formatter, stream: Any = None
    ) -> None:
        super()._set_handler(log, output, make_formatter(), stream)
