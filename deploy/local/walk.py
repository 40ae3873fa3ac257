"""The person of the scenario: walks the fetcher's pages and Amazon's consent page over HTTP, form by form, as a browser would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class WalkLost(Exception):
    """The page does not offer what the person is looking for."""


@dataclass(slots=True)
class Form:
    """One form of a page: where it goes, how, and what is in it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict[str, str])
    buttons: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    text: str = ""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self._inside = True
        elif self._inside:
            self._add(tag, given)

    def _add(self, tag: str, given: dict[str, str]) -> None:
        form, name, value = self.forms[-1], given.get("name", ""), given.get("value", "")
        if tag == "button":
            form.buttons.append((name, value))
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            form.fields[name] = value
        elif tag == "input" and name and given.get("type") == "radio":
            form.fields.setdefault(name, value)

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.forms[-1].text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class Person:
    """Somebody with a browser: keeps cookies, follows links and redirects, fills in forms."""

    def __init__(self) -> None:
        """Opens the browser."""
        self._browser = httpx.Client(follow_redirects=True, timeout=30)
        self._page: httpx.Response | None = None

    @property
    def page(self) -> httpx.Response:
        """The page in front of the person. Raises WalkLost before the first one."""
        if self._page is None:
            raise WalkLost("no page is open")
        return self._page

    def open(self, url: str) -> None:
        """Go to an address."""
        self._page = self._browser.get(url)
        self._look()

    def press(self, words: str, **answers: str) -> None:
        """Send the form whose text holds `words`, with these answers filled in. Raises WalkLost."""
        parser = _Forms()
        parser.feed(self.page.text)
        form = next((form for form in parser.forms if words in form.text), None)
        if form is None:
            raise WalkLost(f"no « {words} » on {self.page.url}: {self.page.text[:500]}")
        pressed = dict(button for button in form.buttons[:1] if button[0])
        data, target = form.fields | pressed | answers, urljoin(str(self.page.url), form.action)
        self._page = self._browser.post(target, data=data) if form.method == "post" else self._browser.get(target, params=data)
        self._look()

    def close(self) -> None:
        """Close the browser."""
        self._browser.close()

    def _look(self) -> None:
        if self.page.status_code >= 400:
            raise WalkLost(f"{self.page.url} answered {self.page.status_code}: {self.page.text[:500]}")
