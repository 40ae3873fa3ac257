"""The person of the scenario finds forms as a browser would."""

import httpx
import pytest
import respx

from deploy.local.walk import Person, WalkLost

PAGE = """
<form action="/go" method="post">
  <input type="hidden" name="csrf" value="t1"><input name="company" value="">
  <input type="checkbox" name="off" value="1"><input type="checkbox" name="on" value="1" checked>
  <button name="decision" value="yes">Autoriser</button> <button name="decision" value="no">Refuser</button>
</form>"""


@respx.mock
def test_a_form_is_sent_with_hidden_fields_answers_and_its_first_button():
    """What a browser would send when the first button is pressed."""
    respx.get("http://shop.test/").mock(httpx.Response(200, text=PAGE))
    sent = respx.post("http://shop.test/go").mock(httpx.Response(200, text="ok"))
    person = Person()
    person.open("http://shop.test/")
    person.press("Autoriser", company="Atelier")
    assert b"csrf=t1&company=Atelier&on=1&decision=yes" == sent.calls.last.request.content


@respx.mock
def test_a_page_without_the_button_is_said():
    """The scenario does not go on blindly."""
    respx.get("http://shop.test/").mock(httpx.Response(200, text="<p>Bonjour</p>"))
    person = Person()
    person.open("http://shop.test/")
    with pytest.raises(WalkLost, match="Autoriser"):
        person.press("Autoriser")


@respx.mock
def test_an_error_page_stops_the_walk():
    """A 500 is not a page to press buttons on."""
    respx.get("http://shop.test/").mock(httpx.Response(500, text="oh"))
    with pytest.raises(WalkLost, match="500"):
        Person().open("http://shop.test/")
