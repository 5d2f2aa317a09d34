"""A failing request leaves a code and a stack in the log, never the text of the exception, which may quote a patient."""

import logging
import sys

from alliance.config.logging import CodedFormatter


def test_request_lines_do_not_quote_the_path() -> None:
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "%s: %s", ("Not Found", "/fhir/h/Patient/110105194912310021"), None)
    record.status_code = 404
    text = CodedFormatter().format(record)
    assert "HTTP404" in text and "1101051949" not in text


def test_stack_without_values() -> None:
    try:
        raise ValueError("张伟 110105194912310021")
    except ValueError:
        record = logging.LogRecord("xinglin.fhir", logging.ERROR, __file__, 1, "FHIR500", (), sys.exc_info())
    text = CodedFormatter().format(record)
    assert "ValueError" in text and "test_stack_without_values" in text
    assert "张伟" not in text and "1101051949" not in text
