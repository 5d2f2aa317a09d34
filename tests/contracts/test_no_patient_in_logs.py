"""A failing request leaves a code and a stack in the log, never the text of the exception, which
may quote a patient.
"""

import json
import logging
import sys

import pytest

from alliance.platform.log_format import CodedFormatter, JSONFormatter

FORMS = pytest.mark.parametrize("form", [CodedFormatter, JSONFormatter])


@FORMS
def test_request_lines_do_not_quote_the_path(form: type[logging.Formatter]) -> None:
    record = logging.LogRecord(
        "django.request",
        logging.WARNING,
        __file__,
        1,
        "%s: %s",
        ("Not Found", "/fhir/h/Patient/110105194912310021"),
        None,
    )
    record.status_code = 404
    text = form().format(record)
    assert "HTTP404" in text and "1101051949" not in text


@FORMS
def test_stack_without_values(form: type[logging.Formatter]) -> None:
    try:
        raise ValueError("张伟 110105194912310021")
    except ValueError:
        record = logging.LogRecord(
            "xinglin.fhir", logging.ERROR, __file__, 1, "FHIR500", (), sys.exc_info()
        )
    text = form().format(record)
    assert "ValueError" in text and "test_stack_without_values" in text
    assert "张伟" not in text and "1101051949" not in text


def test_an_object_a_line_with_what_is_known_of_the_request() -> None:
    """Other names than those of the list are not written, whoever hands them over."""
    record = logging.LogRecord(
        "xinglin.request",
        logging.WARNING,
        __file__,
        1,
        "REQUEST%d %s %s",
        (503, "fhir", "read"),
        None,
    )
    record.about = {
        "door": "fhir",
        "interaction": "read",
        "member": "donghu",
        "status": 503,
        "milliseconds": 12,
        "path": "/fhir/h/Patient/110105194912310021",
        "name": "张伟",
    }
    line = JSONFormatter().format(record)
    told = json.loads(line)
    assert "\n" not in line and "张伟" not in line and "1101051949" not in line
    assert told.keys() == {
        "time",
        "level",
        "logger",
        "code",
        "request",
        "text",
        "door",
        "interaction",
        "member",
        "status",
        "milliseconds",
    }
    assert (told["code"], told["level"], told["member"], told["milliseconds"]) == (
        "REQUEST503",
        "WARNING",
        "donghu",
        12,
    )


def test_an_unhandled_error_keeps_its_code_and_stack_in_one_line() -> None:
    try:
        raise ValueError("张伟")
    except ValueError:
        record = logging.LogRecord(
            "xinglin.fhir",
            logging.ERROR,
            __file__,
            1,
            "FHIR500 an unexpected error",
            (),
            sys.exc_info(),
        )
    line = JSONFormatter().format(record)
    told = json.loads(line)
    assert (
        "\n" not in line
        and told["code"] == "FHIR500"
        and told["stack"][-1] == "ValueError"
        and any("test_no_patient_in_logs" in frame for frame in told["stack"])
    )
