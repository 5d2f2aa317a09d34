"""gunicorn's lines as all others: with a code's form, and without what a caller has sent."""

import logging
from typing import Any

from gunicorn.glogging import Logger

from alliance.config.logging import CodedFormatter


class Log(Logger):
    def _set_handler(self, log: logging.Logger, output: Any, fmt: logging.Formatter, stream: Any = None) -> None:
        super()._set_handler(log, output, CodedFormatter(), stream)
