"""The log: one stream in one form, whoever writes it, and never a secret in any spelling."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import structlog

from bridge import logs

SECRET = 'Pä"ss w\\ord/100%'


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A log to a text, as the daemon sets it up without a terminal."""
    out = io.StringIO()
    logs.set_up(level="debug", secrets=lambda: [SECRET], stream=out)
    yield out
    structlog.reset_defaults()
    root = logging.getLogger()
    for each in [each for each in root.handlers if type(each).__module__ == logs.__name__]:
        root.removeHandler(each)


def test_a_secret_is_cut_out_in_every_spelling(stream: io.StringIO) -> None:
    """Plain, in a URL, in JSON, deep in a list, in an exception and as an object's text: it is gone."""
    log = structlog.get_logger()
    log.info("tried", url=f"http://x/?p={quote(SECRET)}&q={quote(SECRET, safe='')}", body=json.dumps(SECRET))
    log.info("tried", deep=[{"inner": (SECRET,)}], error=ValueError(SECRET), key={SECRET: 1})
    log.error("failed", exc_info=ValueError(SECRET))
    shown = stream.getvalue()
    assert len(shown.splitlines()) == 3
    assert all(json.loads(line)["event"] in ("tried", "failed") for line in shown.splitlines())
    for trace in ("100%", "w\\ord", "ss%20w", "P\\u00e4"):
        assert trace not in shown
    assert shown.count("[secret]") >= 7


def test_what_is_no_secret_stays_as_it_is(stream: io.StringIO) -> None:
    """Numbers stay numbers, nothing stays nothing, and other texts are not touched."""
    structlog.get_logger().info("counted", number=3, share=0.5, nothing=None, right=True, text="Päss word")
    event = json.loads(stream.getvalue())
    assert (event["number"], event["share"], event["nothing"], event["right"]) == (3, 0.5, None, True)
    assert event["text"] == "Päss word"


def test_libraries_speak_in_the_same_form(stream: io.StringIO) -> None:
    """A library's warning becomes an event without secrets; its chatter, and the scheduler's tracebacks, are left out."""
    logging.getLogger("urllib3.connectionpool").warning("Retrying with %s", SECRET)
    logging.getLogger("urllib3.connectionpool").debug("header: %s", base64.b64encode(SECRET.encode()))
    logging.getLogger("apscheduler.executors.default").error("Job raised an exception")
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert (event["event"], event["library"]) == ("library_said", "urllib3.connectionpool")
    assert event["what"] == "Retrying with [secret]"
