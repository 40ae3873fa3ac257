"""Why a connection could not be made, each with its words and its next step."""

from services.fetcher.domain.company import Refusal

AGAIN = "Vous pouvez recommencer quand vous le souhaitez : rien n'a été enregistré."


class NotAuthorised(Refusal):
    """L'entreprise n'a pas encore été autorisée dans cette session."""

    next_action = "Cliquez sur Connecter et saisissez le nom de l'entreprise."


class NotConnected(Refusal):
    """Cette entreprise n'est pas connectée à Amazon Business."""

    next_action = "Connectez-la depuis la page Amazon Business."


class AlreadyConnected(Refusal):
    """Cette entreprise est déjà connectée à Amazon Business."""

    next_action = "Consultez l'avancement ou les paramètres de l'intégration."


class StateUnknown(Refusal):
    """Ce retour d'Amazon ne correspond à aucune demande de cette session, ou il a déjà servi."""

    next_action = "Recommencez la connexion depuis la page Amazon Business."


class StateExpired(Refusal):
    """La demande de connexion a plus de dix minutes."""

    next_action = "Recommencez la connexion : Amazon vous demandera à nouveau votre accord."


class ConsentRefused(Refusal):
    """L'accès au compte Amazon Business a été refusé sur la page d'Amazon."""

    next_action = (
        "Rien n'a été enregistré. Vous pouvez recommencer quand vous le souhaitez, avec un compte administrateur d'un compte "
        "Amazon Business actif : un compte vendeur, personnel, suspendu ou fermé ne peut pas être connecté."
    )


class NotAdministrator(Refusal):
    """La personne connectée chez Amazon n'est pas administratrice du compte Amazon Business."""

    next_action = f"Demandez à un administrateur du compte de donner son accord. {AGAIN}"


class SellerAccount(Refusal):
    """Ce compte Amazon est un compte vendeur, pas un compte acheteur Amazon Business."""

    next_action = f"Connectez-vous chez Amazon avec le compte Amazon Business qui passe les commandes. {AGAIN}"


class PersonalAccount(Refusal):
    """Ce compte Amazon est un compte personnel, pas un compte Amazon Business."""

    next_action = f"Connectez-vous avec un compte Amazon Business, ou créez-en un sur amazon.fr/business. {AGAIN}"


class SuspendedAccount(Refusal):
    """Ce compte Amazon Business est suspendu."""

    next_action = f"Voyez avec le service client d'Amazon Business pourquoi, puis recommencez. {AGAIN}"


class ClosedAccount(Refusal):
    """Ce compte Amazon Business est fermé."""

    next_action = f"Connectez un compte Amazon Business actif. {AGAIN}"


class AmazonTroubled(Refusal):
    """Amazon n'a pas pu recueillir votre accord pour le moment."""

    next_action = f"Recommencez dans quelques minutes. {AGAIN}"


class CodeNotExchanged(Refusal):
    """Amazon n'a pas confirmé votre accord : le code reçu a plus de cinq minutes ou a déjà servi."""

    next_action = "Recommencez la connexion."


class ApplicationRefused(Refusal):
    """Amazon refuse pour le moment les demandes de notre application."""

    next_action = "Rien n'a été enregistré. Recommencez plus tard ; si cela se répète, prévenez l'assistance."


class EntitiesUnknown(Refusal):
    """Une des entités choisies n'est pas de ce compte."""

    next_action = "Rechargez la page et choisissez parmi les entités affichées."


ANSWERS: dict[str, type[Refusal]] = {
    "access_denied": ConsentRefused,
    "not_administrator": NotAdministrator,
    "seller_account": SellerAccount,
    "personal_account": PersonalAccount,
    "account_suspended": SuspendedAccount,
    "account_closed": ClosedAccount,
    "server_error": AmazonTroubled,
    "temporarily_unavailable": AmazonTroubled,
    "invalid_request": ApplicationRefused,
    "unauthorized_client": ApplicationRefused,
    "invalid_client": ApplicationRefused,
    "lwa-invalid-parameter-bad-scope": ApplicationRefused,
}
"""What Amazon's consent page may answer instead of a code. The kinds of account are our simulator's words: Amazon publishes none."""

REFUSALS = {kind.__name__: kind for kind in (*ANSWERS.values(), CodeNotExchanged, StateExpired)}
"""The refusals that are remembered with the consent, by name."""


def refusal_of(error: str, description: str) -> Refusal:
    """The refusal for the `error` that came back, or for the more precise word its description begins with."""
    word = description.partition(" ")[0].rstrip(":.,").lower()
    return ANSWERS.get(word, ANSWERS.get(error.lower(), ConsentRefused))()


def refusal_named(name: str | None) -> Refusal | None:
    """The refusal that was remembered."""
    return REFUSALS[name]() if name in REFUSALS else None
