"""Why a document is held: one class per reason. The docstring is the sentence shown, the name the code,
`next_action` what to do, `article` the text of law that asks for it, where one does."""

import re
from typing import ClassVar


class Hold(Exception):
    """Une personne doit regarder ce document avant qu’il soit comptabilisé."""

    next_action: ClassVar[str] = "Ouvrir le document."
    article: ClassVar[str | None] = None

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
    """Ce document n’est ni une facture, ni un avoir, ni un reçu : il n’ouvre pas droit à déduction de la TVA."""

    next_action = "Demander une facture au vendeur, ou écarter le document."
    article = "CGI 271 II-1-a"


class NotAVatInvoice(Hold):
    """Ce document s’intitule facture, mais dit lui-même qu’il n’est pas une facture de TVA : il n’ouvre pas droit à déduction."""

    next_action = "Demander au vendeur une facture de TVA, ou comptabiliser la dépense toutes taxes comprises."
    article = "CGI 271 II-1-a"


class SelfBilled(Hold):
    """Ce document est une autofacture, émise par l’acheteur au nom du vendeur."""

    next_action = "Vérifier le mandat de facturation, puis saisir la facture."
    article = "CGI 289 I-2"


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
    article = "CGI ann. II 242 nonies A I-7°"


class NumberMismatch(Hold):
    """Le numéro imprimé sur le document n’est pas celui qu’Amazon indique."""

    next_action = "Vérifier que le PDF est bien celui de cette commande."


class IssueDateMissing(Hold):
    """La date de la facture n’est connue ni par le document ni par Amazon."""

    next_action = "Relever la date sur le PDF et la saisir."
    article = "CGI ann. II 242 nonies A I-6°"


class CurrencyMissing(Hold):
    """La devise du document n’est pas connue."""

    next_action = "Relever la devise sur le PDF et la saisir."


class NoRate(Hold):
    """Le document est dans une autre devise que l’euro, et n’imprime pas de cours."""

    next_action = "Relever le cours du jour de la facture, puis la comptabiliser en euros."


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
    article = "CGI ann. II 242 nonies A I-1°"


class VatWronglyCharged(Hold):
    """Un vendeur qui n’est pas établi en France facture de la TVA française : elle n’est pas déductible."""

    next_action = "Demander une facture sans TVA au vendeur (autoliquidation, CGI 283-1)."
    article = "CGI 283-1"


class VatRateUnknown(Hold):
    """Le taux de TVA imprimé n’est pas un taux français."""

    next_action = "Ouvrir le PDF, relever le taux et demander une facture rectifiée s’il est faux."
    article = "CGI 278"


class VatTableMissing(Hold):
    """Le document facture de la TVA sans en donner le détail par taux."""

    next_action = "Relever la TVA de chaque taux sur le PDF et la saisir."
    article = "CGI ann. II 242 nonies A I-11°"


class RegimeContradicted(Hold):
    """Le document se contredit : il facture de la TVA et annonce qu’il n’en facture pas, ou il annonce deux régimes."""

    next_action = "Demander une facture rectifiée au vendeur."
    article = "CGI 283-3 ; ann. II 242 nonies A I-12°, 13°"


class RegimesMixed(Hold):
    """Des montants du même taux relèvent de régimes de TVA différents : on ne sait quel article relève duquel."""

    next_action = "Relever le régime de chaque article sur le PDF et saisir la facture."


class ReverseChargeFromFrance(Hold):
    """Un vendeur établi en France annonce une autoliquidation : elle ne vaut que pour certaines opérations."""

    next_action = "Vérifier que l’opération relève de l’autoliquidation entre entreprises françaises, sinon demander une facture avec TVA."
    article = "CGI 283-2 nonies"


class CompanyWithoutVatNumber(Hold):
    """La TVA serait due par l’entreprise, dont aucun numéro de TVA n’est connu."""

    next_action = "Saisir le numéro de TVA de l’entreprise, ou demander une facture avec TVA."
    article = "CGI 283-1"


class FrenchRateUnknown(Hold):
    """La TVA est à autoliquider, mais le taux français d’un article n’est pas connu."""

    next_action = "Indiquer la nature de chaque article, dont suit le taux français."


class ReverseCharge(Hold):
    """Le document annonce une autoliquidation, sans que l’on sache si les biens étaient en France et le vendeur établi ailleurs."""

    next_action = "Vérifier d’où partent les biens et où le vendeur est établi, puis choisir le régime."
    article = "CGI 283-1"


class IntraEu(Hold):
    """Le document annonce une livraison intracommunautaire, sans numéro de TVA d’un autre État membre ou sans départ de là."""

    next_action = "Demander au vendeur une facture avec son numéro de TVA, ou indiquer d’où partent les biens."
    article = "CGI 256 bis"


class IntraEuSupplyFromFrance(Hold):
    """Livraison intracommunautaire exonérée, facturée par un vendeur français : l’acheteur est sans doute établi dans un autre pays."""

    next_action = "Vérifier l’acheteur, et demander une facture avec TVA française si c’est votre entreprise."
    article = "CGI 262 ter I"


class ExportOrImport(Hold):
    """Le document est exonéré comme exportation, sans que le vendeur ou le départ soit hors de l’Union."""

    next_action = "Vérifier d’où partent les biens, et rapprocher la facture de la déclaration en douane."
    article = "CGI 262 I"


class SmallBusinessAbroad(Hold):
    """Un vendeur établi hors de France se dit en franchise de TVA : la franchise européenne demande un numéro « EX »."""

    next_action = "Demander au vendeur son numéro de franchise européenne, ou une facture avec la TVA due."
    article = "CGI 293 B ter"


class DeliveryDateMissing(Hold):
    """La TVA de ce document se déduit à la livraison, dont la date n’est pas connue."""

    next_action = "Indiquer la date de livraison, ou déduire la TVA à la date de la facture."
    article = "CGI 269-2-a, 271 I"


class SellerNumberInvalid(Hold):
    """Le numéro de TVA ou le SIREN du vendeur n’est pas un numéro valable."""

    next_action = "Demander une facture rectifiée au vendeur avant de déduire la TVA."
    article = "CGI ann. II 242 nonies A I-2°"


class SellerUnidentified(Hold):
    """Le document ne porte ni numéro de TVA ni SIREN du vendeur, obligatoires au-dessus de 150 € hors taxes."""

    next_action = "Demander une facture complète au vendeur avant de déduire la TVA."
    article = "CGI ann. II 242 nonies A I-2°"


class BuyerMissing(Hold):
    """Le document ne nomme pas d’acheteur, mention obligatoire au-dessus de 150 € hors taxes."""

    next_action = "Demander une facture au nom de l’entreprise avant de déduire la TVA."
    article = "CGI ann. II 242 nonies A I-1°"


class BuyerNumberMissing(Hold):
    """La TVA est due par l’acheteur, et le document ne porte pas son numéro de TVA."""

    next_action = "Demander une facture portant le numéro de TVA de l’entreprise."
    article = "CGI ann. II 242 nonies A I-3°, 4°"


class ZeroRateUnexplained(Hold):
    """Le document ne facture pas de TVA et ne dit pas pourquoi."""

    next_action = "Demander au vendeur le motif d’exonération, ou une facture avec TVA."
    article = "CGI ann. II 242 nonies A I-12°"


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
    VatWronglyCharged,
    VatRateUnknown,
    VatTableMissing,
    RegimeContradicted,
    RegimesMixed,
    ReverseChargeFromFrance,
    CompanyWithoutVatNumber,
    FrenchRateUnknown,
    ReverseCharge,
    IntraEu,
    IntraEuSupplyFromFrance,
    ExportOrImport,
    SmallBusinessAbroad,
    DeliveryDateMissing,
    SellerNumberInvalid,
    SellerUnidentified,
    BuyerMissing,
    BuyerNumberMissing,
    ZeroRateUnexplained,
)
