"""Why a document is not booked, one class per reason: the docstring is shown, `next_action` says what to do, the name is the code."""

import re
from typing import ClassVar


class Hold(Exception):
    """Une personne doit regarder ce document avant qu'il soit comptabilisé."""

    next_action: ClassVar[str] = "Ouvrir le document."

    @classmethod
    def code(cls) -> str:
        """The reason as events carry it: `TotalsMismatch` → `totals_mismatch`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def sentence(cls) -> str:
        """The reason in French."""
        return (cls.__doc__ or cls.__name__).strip()


class TotalsMismatch(Hold):
    """Le total du document diffère de la somme de ses lignes et de sa TVA."""

    next_action = "Comparer le PDF et les lignes, puis accepter l'écart ou corriger."


class NoRate(Hold):
    """Le document est dans une autre devise que l'euro et son cours n'est pas connu."""

    next_action = "Saisir le cours du jour de la facture, puis la comptabiliser en euros."


class TypeUnknown(Hold):
    """Le document n'est ni une facture ni un avoir."""

    next_action = "Ouvrir le PDF et indiquer s'il s'agit d'une facture ou d'un avoir."


class RegimeUnknown(Hold):
    """Le régime de TVA de ce document n'est pas encore comptabilisé automatiquement."""

    next_action = "Saisir l'écriture à la main, ou confirmer un régime de TVA connu."


class DeductionUndecided(Hold):
    """L'entreprise ne déduit pas toute la TVA, et la part déductible de ce document n'est pas décidée."""

    next_action = "Calculer la TVA déductible selon le coefficient de l'entreprise, puis saisir l'écriture."


class DeliveryDateMissing(Hold):
    """La TVA de ce document se déduit à la livraison, dont la date n'est pas connue."""

    next_action = "Indiquer la date de livraison, ou déduire la TVA à la date de la facture."


class TooLargeToBook(Hold):
    """Le document a trop de lignes, ou des montants trop grands, pour une seule écriture."""

    next_action = "Vérifier les montants du PDF, puis saisir l'écriture à la main."


class TooSmallInEuros(Hold):
    """Converti en euros, ce document n'a plus assez de centimes pour toutes ses lignes."""

    next_action = "Vérifier le cours du document, puis saisir l'écriture en euros à la main."


class SameDocument(Hold):
    """Le même PDF est déjà dans Achats, sous une autre facture."""

    next_action = "Ouvrir les deux factures, puis écarter le doublon, ou demander au vendeur le bon document."


class Conflict(Hold):
    """Une autre version de ce document est déjà comptabilisée, avec d'autres montants ou d'autres comptes."""

    next_action = "Comparer les deux versions, puis garder la première écriture ou la corriger."
