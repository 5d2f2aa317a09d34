"""Pages as a reader sees them, however their templates are laid out."""

import html
import re
from functools import cache
from typing import Any

from django.core.signals import setting_changed
from django.test import Client
from django.test.client import ClientHandler


def on_one_line(page: str) -> str:
    """The page without its line breaks, and without the blanks that indent a line or a tag's
    attributes: beside a tag they go, between words they are one blank.
    """
    page = re.sub(r"<[^>]*>", lambda tag: tag_on_one_line(tag[0]), page)
    page = re.sub(r"(?<=>)\s*\n\s*|\s*\n\s*(?=<)", "", page)
    return re.sub(r"\s*\n\s*", " ", page)


def tag_on_one_line(tag: str) -> str:
    return re.sub(r" (?=/?>$)", "", re.sub(r"\s*\n\s*", " ", tag))


@cache
def load_handler() -> ClientHandler:
    """The site's middleware, loaded once for all browsers of this process."""
    return ClientHandler(enforce_csrf_checks=False)


def forget_handler(**_changed: Any) -> None:
    """Middleware that was loaded before a setting changed does not know of it."""
    load_handler.cache_clear()


setting_changed.connect(forget_handler)


class Browser(Client):
    """Django's test client, whose pages are on one line."""

    def __init__(self, enforce_csrf_checks: bool = False, **more: Any) -> None:
        super().__init__(enforce_csrf_checks, **more)
        if not enforce_csrf_checks:
            self.handler = load_handler()

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = on_one_line(response.content.decode()).encode()
        return response


def page_words(page: str) -> str:
    """What a page says, without its markup."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))
