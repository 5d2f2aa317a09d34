"""The forms of a page, as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """Where it goes, what it holds already, and what somebody types or chooses: {name: the
    values that are offered, none where one types}.
    """

    action: str
    held: dict[str, str] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, text: str, *, choose: bool) -> dict[str, str]:
        """All that one types is the text; of what is offered the last, or the text as well."""
        return self.held | {
            name: offered[-1] if offered and choose else text
            for name, offered in self.asked.items()
        }


class Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms, self.now, self.select = address, list[Form](), None, ""  # type: ignore[var-annotated]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {k: v or "" for k, v in attrs}
        name, kind = has.get("name", ""), has.get("type", "text")
        if tag == "form":
            self.now = (
                Form(has.get("action") or self.address)
                if has.get("method", "get").lower() == "post"
                else None
            )
        elif self.now is None:
            return
        elif tag == "select":
            self.select = name
            self.now.asked.setdefault(name, [])
        elif tag == "option" and has.get("value"):
            self.now.asked[self.select].append(has["value"])
        elif not name or name == "csrfmiddlewaretoken":
            return
        elif tag == "textarea" or (
            tag == "input" and kind not in ("hidden", "radio", "checkbox", "submit")
        ):
            self.now.asked.setdefault(name, [])
        elif tag == "input" and kind in ("radio", "checkbox"):
            self.now.asked.setdefault(name, []).append(has.get("value", "on"))
        elif tag in ("input", "button"):
            self.now.held.setdefault(name, has.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.now is not None:
            self.forms.append(self.now)
            self.now = None


def forms_of(page: str, address: str) -> list[Form]:
    """The forms that are sent by POST; address: of the page, where a form does not name another."""
    reader = Reader(address)
    reader.feed(page)
    return reader.forms
