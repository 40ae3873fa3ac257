"""Why a document is held: one class per reason. The docstring is the sentence shown, `next_action` what to do, the name the code."""

import re
from typing import ClassVar


class Hold(Exception):
    """Une personne doit regarder ce document avant qu’il soit comptabilisé."""

    next_action: ClassVar[str] = "Ouvrir le document."

    @classmethod
    def code(cls) -> str:
        """The reason as events carry it: `TotalsMismatch` → `totals_mismatch`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def sentence(cls) -> str:
        """The reason in French, with a no-break space before « : » and « ; »."""
        return re.sub(" (?=[:;])", "\N{NO-BREAK SPACE}", (cls.__doc__ or cls.__name__).strip())


class DocumentUnreadable(Hold):
    """Le document ne contient pas de texte lisible ; seules les données d’Amazon sont connues."""

    next_action = "Ouvrir le PDF et saisir la facture, ou demander un document lisible au vendeur."


class NotAnInvoice(Hold):
    """Ce document n’est ni une facture ni un avoir : il n’ouvre pas droit à déduction de la TVA."""

    next_action = "Demander une facture au vendeur, ou comptabiliser la dépense toutes taxes comprises."


class NotAVatInvoice(Hold):
    """Ce document s’intitule facture, mais dit lui-même qu’il n’est pas une facture de TVA : il n’ouvre pas droit à déduction."""

    next_action = "Demander au vendeur une facture de TVA, ou comptabiliser la dépense toutes taxes comprises."


class SelfBilled(Hold):
    """Ce document est une autofacture, émise par l’acheteur au nom du vendeur."""

    next_action = "Vérifier le mandat de facturation, puis saisir la facture."


class TypeMissing(Hold):
    """Ni le document ni Amazon ne disent s’il s’agit d’une facture ou d’un avoir."""

    next_action = "Ouvrir le PDF et indiquer s’il s’agit d’une facture ou d’un avoir."


class TypeMismatch(Hold):
    """Le document et Amazon ne s’accordent pas : l’un dit facture, l’autre avoir."""

    next_action = "Ouvrir le PDF et indiquer s’il s’agit d’une facture ou d’un avoir."


class DocumentTooLong(Hold):
    """Le document a trop de lignes pour être traité automatiquement."""

    next_action = "Saisir la facture à partir du PDF, en regroupant ses lignes par compte et par taux."


class NumberMissing(Hold):
    """Le numéro de la facture n’est connu ni par le document ni par Amazon."""

    next_action = "Relever le numéro sur le PDF et le saisir."


class NumberMismatch(Hold):
    """Le numéro imprimé sur le document n’est pas celui qu’Amazon indique."""

    next_action = "Vérifier que le PDF est bien celui de cette commande."


class IssueDateMissing(Hold):
    """La date de la facture n’est connue ni par le document ni par Amazon."""

    next_action = "Relever la date sur le PDF et la saisir."


class CurrencyMissing(Hold):
    """La devise du document n’est pas connue."""

    next_action = "Relever la devise sur le PDF et la saisir."


class NoRate(Hold):
    """Le document est dans une autre devise que l’euro, et la conversion n’est pas encore automatique."""

    next_action = "Convertir la facture au cours du jour de son émission, puis la comptabiliser en euros."


class TotalsMissing(Hold):
    """Le document ne donne pas tous ses totaux : hors taxes, TVA et toutes taxes comprises."""

    next_action = "Relever les totaux sur le PDF et les saisir."


class TotalsMismatch(Hold):
    """Le total du document diffère de la somme de ses lignes ou de ses montants de TVA."""

    next_action = "Comparer le PDF et les lignes, puis accepter l’écart ou corriger."


class NegativeTotal(Hold):
    """Le total du document est négatif."""

    next_action = "Ouvrir le PDF et indiquer s’il s’agit d’une facture ou d’un avoir."


class AmountImplausible(Hold):
    """Un montant du document dépasse dix milliards d’euros : il a sans doute été mal lu."""

    next_action = "Relever les montants sur le PDF et les saisir."


class DocumentContradictsOrder(Hold):
    """Le total du document n’est pas celui qu’Amazon a débité ou remboursé."""

    next_action = "Comparer le PDF et les débits d’Amazon, puis accepter le document ou le contester."


class OtherBuyer(Hold):
    """Le document est établi au nom d’une autre entreprise."""

    next_action = "Demander une facture au nom de l’entreprise, ou la rattacher au bon dossier."


class ForeignVat(Hold):
    """Le document facture la TVA d’un autre pays : elle n’est pas déductible en France."""

    next_action = "Demander une facture rectifiée au vendeur en lui donnant votre numéro de TVA."


class VatWronglyCharged(Hold):
    """Un vendeur qui n’est pas établi en France facture de la TVA française : elle n’est pas déductible."""

    next_action = "Demander une facture sans TVA au vendeur (autoliquidation, CGI 283-1)."


class VatRateUnknown(Hold):
    """Le taux de TVA imprimé n’est pas un taux français."""

    next_action = "Ouvrir le PDF, relever le taux et demander une facture rectifiée s’il est faux."


class VatTableMissing(Hold):
    """Le document facture de la TVA sans en donner le détail par taux."""

    next_action = "Relever la TVA de chaque taux sur le PDF et la saisir."


class ReverseCharge(Hold):
    """La TVA est due par l’acheteur : le document annonce une autoliquidation."""

    next_action = "Confirmer l’autoliquidation et le taux français de chaque article."


class IntraEu(Hold):
    """Achat dans un autre pays de l’Union : la TVA est à autoliquider comme acquisition intracommunautaire."""

    next_action = "Confirmer l’acquisition intracommunautaire et le taux français de chaque article."


class IntraEuSupplyFromFrance(Hold):
    """Livraison intracommunautaire exonérée, facturée par un vendeur français : l’acheteur est sans doute établi dans un autre pays."""

    next_action = "Vérifier l’acheteur, et demander une facture avec TVA française si c’est votre entreprise."


class ExportOrImport(Hold):
    """Le document est exonéré parce que les biens passent une frontière douanière."""

    next_action = "Rapprocher la facture de la déclaration en douane."


class SmallBusiness(Hold):
    """Le vendeur est en franchise de TVA : il n’y a pas de TVA à déduire."""

    next_action = "Confirmer la franchise, puis comptabiliser le montant total en charge."


class MarginScheme(Hold):
    """Bien d’occasion vendu sous le régime de la marge : la TVA n’apparaît pas et n’est pas déductible."""

    next_action = "Confirmer le régime de la marge, puis comptabiliser le montant total en charge."


class ZeroRateUnexplained(Hold):
    """Le document ne facture pas de TVA et ne dit pas pourquoi."""

    next_action = "Demander au vendeur le motif d’exonération, ou une facture avec TVA."


HOLDS: tuple[type[Hold], ...] = (
    DocumentUnreadable,
    NotAnInvoice,
    NotAVatInvoice,
    SelfBilled,
    TypeMissing,
    TypeMismatch,
    DocumentTooLong,
    NumberMissing,
    NumberMismatch,
    IssueDateMissing,
    CurrencyMissing,
    NoRate,
    TotalsMissing,
    TotalsMismatch,
    NegativeTotal,
    AmountImplausible,
    DocumentContradictsOrder,
    OtherBuyer,
    ForeignVat,
    VatWronglyCharged,
    VatRateUnknown,
    VatTableMissing,
    ReverseCharge,
    IntraEu,
    IntraEuSupplyFromFrance,
    ExportOrImport,
    SmallBusiness,
    MarginScheme,
    ZeroRateUnexplained,
)
