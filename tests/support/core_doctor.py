"""A doctor of the core hospital reads a patient's results of another hospital, on the pages: the
patient's decision is recorded where they are known, the doctor says that they treat them, a record
clerk beside the doctor compares the card.
"""

import re
from urllib.parse import urlsplit

import requests

from tests.factories.clinic_alliance import ClinicAlliance

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PERSON = re.compile(r"/person/[0-9a-f-]{36}/")
TIE = re.compile(r"/person/[0-9a-f-]{36}/tie/\d+/")
WHOM = re.compile(r'name="whom"\s+value="([^"]+)"')


def extract_text(page: str) -> str:
    """What a page says in its middle, for whoever reads why a step failed."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())[:1500]


class SignedIn:
    """Somebody's browser, outside of the site's own process."""

    def __init__(self, url: str, session: str) -> None:
        self.url, self.http = url, requests.Session()
        self.http.headers["Accept-Language"] = "zh-CN"
        self.http.cookies.set("sessionid", session, domain=urlsplit(url).hostname, path="/")

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.url + path, timeout=60)

    def post(self, path: str, form: dict[str, str]) -> requests.Response:
        token = TOKEN.search(self.get(path).text)
        assert token, path
        data = {**form, "csrfmiddlewaretoken": token[1]}
        headers = {"Referer": self.url + path}
        return self.http.post(self.url + path, data=data, headers=headers, timeout=60)


class CoreDoctor:
    def __init__(self, url: str, alliance: ClinicAlliance) -> None:
        self.people = {who: SignedIn(url, cookie) for who, cookie in alliance.sessions.items()}

    def find(self, who: str, typed: str) -> str:
        """The address of the one patient that fits, or "" where nobody does."""
        page = self.people[who].post("/patients/", {"q": typed}).text
        found = set(PERSON.findall(page))
        assert len(found) <= 1, f"{len(found)} patients fit"
        return found.pop() if found else ""

    def read_results(self, number: str) -> str:
        """The page of results of the patient with this identity number, as the doctor sees it."""
        doctor, clerk = self.people["doctor"], self.people["core_clerk"]
        person = self.find("doctor", number)
        assert person, "the core's doctor does not find the patient"
        assert doctor.get(f"{person}results/").status_code == 403, "not before it may be"
        share = {"template": "share", "method": "paper", "evidence": "病案室 3 柜", "instead": "on"}
        known = self.find("clinic_clerk", number)
        given = self.people["clinic_clerk"].post(f"{known}consent/", share)
        assert "柜" in given.text, extract_text(given.text)
        doctor.post(f"{person}treat/", {"reason": "门诊"})
        tie = TIE.search(clerk.get("/confirmations/").text)
        assert tie, "nothing to confirm"
        whom = WHOM.search(clerk.get(tie[0]).text)
        assert whom
        card = {"whom": whom[1], "compared": "card", "number": number, "confirm": "1"}
        compared = clerk.post(tie[0], card)
        assert compared.url.endswith("/confirmations/"), extract_text(compared.text)
        page = doctor.get(f"{person}results/")
        assert page.status_code == 200, extract_text(page.text)
        return page.text
