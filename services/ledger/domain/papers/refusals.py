"""Why a paper is not imported, one class per reason: the docstring is shown with what it is about, `next_action` says what to do."""

from typing import ClassVar


class PaperRefused(Exception):
    """Cette ligne ne peut pas être importée."""

    next_action: ClassVar[str] = "Vérifier la ligne, puis recommencer."

    def __str__(self) -> str:
        """The sentence with what it is about, then what to do."""
        sentence, about = (self.__doc__ or "").strip().rstrip("."), ", ".join(map(str, self.args))
        return f"{sentence}{f' : {about}' if about else ''}. {self.next_action}"


class KindUnknown(PaperRefused):
    """Ce genre de pièce n'est pas connu."""

    next_action = "Choisir un genre de la documentation."


class FieldMissing(PaperRefused):
    """Il manque une valeur."""

    next_action = "La donner dans le fichier."


class FieldUnknown(PaperRefused):
    """Ce genre de pièce n'a pas cette colonne."""

    next_action = "L'enlever ou corriger son nom."


class ValueWrong(PaperRefused):
    """Cette valeur n'est pas lisible."""

    next_action = "Dates : AAAA-MM-JJ ; montants : 1234,56 ; comptes : six chiffres au moins ; taux : 5,5."


class AccountMissing(PaperRefused):
    """Ce compte n'est pas au plan comptable de l'entreprise à cette date."""

    next_action = "Choisir un compte du plan comptable."


class ItemUnknown(PaperRefused):
    """Aucune pièce de ce fournisseur ne porte ce numéro dans le livre."""

    next_action = "Vérifier le numéro et l'auxiliaire du fournisseur, ou importer d'abord la pièce."


class ItemAmbiguous(PaperRefused):
    """Plusieurs pièces de ce fournisseur portent ce numéro."""

    next_action = "Donner l'identifiant de la facture à la place de son numéro."


class ItemLettered(PaperRefused):
    """Cette pièce est déjà réglée."""

    next_action = "Vérifier le numéro ; au besoin, délettrer d'abord."


class ItemTwice(PaperRefused):
    """Une même pièce est citée deux fois."""

    next_action = "La citer une fois, avec son montant entier."


class TooMuch(PaperRefused):
    """Ce montant dépasse ce qui reste à régler de cette pièce."""

    next_action = "Corriger le montant, ou importer le surplus comme un acompte."


class NotTheSum(PaperRefused):
    """Le montant payé n'est pas la somme de ce qu'il règle."""

    next_action = "Donner le montant réglé de chaque pièce."


class SumWrong(PaperRefused):
    """Les montants de cette pièce ne se tiennent pas."""

    next_action = "Vérifier base, taux, TVA et lignes."


class OtherCurrency(PaperRefused):
    """Cette pièce est dans une autre devise que le paiement."""

    next_action = "Indiquer la devise de la pièce, et un paiement par devise."


class NotMerged(PaperRefused):
    """Ce fournisseur n'est fusionné avec aucun autre."""

    next_action = "Vérifier son code avec « achats-ledger suppliers », ou décider d'abord la fusion."


class VatWaits(PaperRefused):
    """La TVA de cette pièce attend son règlement."""

    next_action = "Régler la pièce elle-même, au nom du fournisseur qui reste."


class PeriodClosed(PaperRefused):
    """Ce jour est clôturé : une écriture d'inventaire n'y entre plus."""

    next_action = "Choisir la prochaine clôture."


class NotMonthEnd(PaperRefused):
    """Ce jour n'est pas le dernier d'un mois."""

    next_action = "Dater la pièce du dernier jour du mois."


class PeriodWrong(PaperRefused):
    """La charge constatée d'avance ne s'étend pas au-delà de ce jour."""

    next_action = "Vérifier le début, la fin et la date de clôture."


class PaperChanged(PaperRefused):
    """Cette pièce est déjà dans le livre avec un autre contenu."""

    next_action = "Contre-passer ses écritures, puis l'importer sous un autre numéro."
