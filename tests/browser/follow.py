"""From one page to the next in a browser: nothing is read before the next page stands."""

from typing import Any

FORWARD = "main button.main"


def follow(page: Any, selector: str = FORWARD) -> None:
    """Click what leads to another page, and come back when that page has loaded. `page.click`
    may return while the old page still stands: what is read then is read there, and a `goto` cuts
    the request off.
    """
    with page.expect_navigation():
        page.click(selector)
