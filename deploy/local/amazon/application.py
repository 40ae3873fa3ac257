"""What Amazon knows of our application."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration in Amazon's Solution Provider Portal."""

    application_id: str = "amzn1.sp.solution.00000000-0000-4000-8000-000000000001"
    client_id: str = "amzn1.application-oa2-client.00000000000000000000000000000001"
    client_secret: str = "amzn1.oa2-cs.v1.simulated-secret"
    redirect_uri: str = "http://127.0.0.1:8080/connectivite/amazon/callback"
    login_uri: str = "http://127.0.0.1:8080/connectivite/amazon-business/app-center"
