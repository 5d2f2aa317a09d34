"""A clinician's browser session for the load: password, second factor, then the cookies as one
header.
"""

import http.cookiejar
import re
import urllib.parse
import urllib.request


def sign_in(url: str, username: str, password: str, code: str) -> str:
    """The Cookie header of a fully signed-in session."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    at = url + "/"
    for fields in ({"login": username, "password": password}, {"code": code}):
        with browser.open(at) as page:
            at, text = page.url, page.read().decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        if found is None:
            raise RuntimeError(f"{at} has no form to sign in with")
        form = urllib.parse.urlencode({"csrfmiddlewaretoken": found.group(1), **fields}).encode()
        with browser.open(urllib.request.Request(at, form, {"Referer": at})) as page:
            at = page.url
    if "/account/" in at:
        raise RuntimeError(f"signing in as {username} ended at {at}")
    return "; ".join(f"{c.name}={c.value}" for c in jar)
