"""Where a browser may be sent on its way from and to Amazon's App Center, and what the consent page's refusals mean."""

import pytest

from services.fetcher.config import AMAZON_DOMAINS
from services.fetcher.domain.app_center import ForeignCallback, authenticated, checked, ended
from services.fetcher.domain.refusals import (
    AmazonTroubled,
    ApplicationRefused,
    ClosedAccount,
    ConsentRefused,
    NotAdministrator,
    PersonalAccount,
    SellerAccount,
    SuspendedAccount,
    refusal_named,
    refusal_of,
)

SIMULATOR = "http://127.0.0.1:9012"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.amazon.fr/apps/authorize/confirm/amzn1.sp.solution.1",
        "https://amazon.com/callback?x=1",
        "https://sellercentral.amazon.de:443/a",
        f"{SIMULATOR}/b2b/app-center/back",
    ],
)
def test_pages_of_amazon(address: str):
    """The domains and what is below them, over https; an origin that is named whole."""
    assert address == checked(address, (*AMAZON_DOMAINS, SIMULATOR))


@pytest.mark.parametrize(
    "address",
    [
        "http://www.amazon.fr/callback",
        "https://www.amazon.fr.evil.example/",
        "https://evilamazon.fr/",
        "https://evil.example/?www.amazon.fr",
        "https://www.amazon.fr@evil.example/",
        "https://evil.example\\.amazon.fr/",
        "https://www.amazon.fr:8443/",
        "https://www.amazon.fr:x/",
        "https://www.amazon.fr/a\r\nSet-Cookie: a=b",
        "//www.amazon.fr/callback",
        "javascript:alert(1)//www.amazon.fr",
        "http://127.0.0.1:9013/",
        "http://127.0.0.1:9012.evil.example/",
        "https://[::1/",
        "",
    ],
)
def test_anything_else_is_refused(address: str):
    """Other domains that look alike, other ports, credentials, line ends, schemes."""
    with pytest.raises(ForeignCallback):
        checked(address, (*AMAZON_DOMAINS, SIMULATOR))


def test_what_amazon_is_told():
    """Step 2 and step 4 of the workflow, beside what the address had in its query."""
    assert (
        "https://www.amazon.fr/back?amazon_state=A%26B&state=S&redirect_uri=https%3A%2F%2Fus.example%2Fretour&status=authentication_successful"
        == authenticated("https://www.amazon.fr/back", "A&B", "S", "https://us.example/retour")
    )
    assert "https://www.amazon.fr/back?x=1&status=auth_code_use_successful" == ended("https://www.amazon.fr/back?x=1", used=True)
    assert "https://www.amazon.fr/back?status=auth_code_use_failure" == ended("https://www.amazon.fr/back", used=False)


@pytest.mark.parametrize(
    ("error", "description", "kind"),
    [
        ("access_denied", "Access not permitted.", ConsentRefused),
        ("access_denied", "not_administrator", NotAdministrator),
        ("access_denied", "seller_account: this is a seller's", SellerAccount),
        ("personal_account", "", PersonalAccount),
        ("account_suspended", "", SuspendedAccount),
        ("account_closed", "since yesterday", ClosedAccount),
        ("server_error", "", AmazonTroubled),
        ("lwa-invalid-parameter-bad-scope", "", ApplicationRefused),
        ("something_new", "nobody knows", ConsentRefused),
        ("", "", ConsentRefused),
    ],
)
def test_each_refusal_has_its_own_words_and_next_step(error: str, description: str, kind: type):
    """By the error, or the more precise word its description begins with; remembered by name."""
    refusal = refusal_of(error, description)
    assert kind is type(refusal)
    assert str(refusal).endswith(".")
    assert refusal.next_action.endswith(".")
    assert kind is type(refusal_named(kind.__name__))


def test_a_name_nobody_remembers_is_no_refusal():
    """What an older version wrote down."""
    assert refusal_named("Something") is None
    assert refusal_named(None) is None
