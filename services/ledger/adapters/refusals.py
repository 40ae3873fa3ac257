"""Why the book refuses what a person asks: a class for each code of its functions, with what the person reads."""

from typing import ClassVar

from psycopg import DatabaseError

from services.kernel.errors import KernelError


class DeedRefused(KernelError):
    """Le livre refuse cette opération."""

    code: ClassVar[str] = ""
    next_action: ClassVar[str] = "Vérifier l'opération, puis recommencer."

    def __str__(self) -> str:
        """The sentence with what it is about, then what to do."""
        sentence, about = (self.__doc__ or "").strip().rstrip("."), ", ".join(map(str, self.args))
        return f"{sentence}{f' : {about}' if about else ''}. {self.next_action}"


class ActorMissing(DeedRefused):
    """Le nom de la personne qui répond de cette opération manque ou ne convient pas."""

    code, next_action = "LG010", "Indiquer un nom sur une seule ligne avec --by."


class CompanyUnknown(DeedRefused):
    """Cette entreprise n'est pas dans le livre."""

    code, next_action = "LG011", "Vérifier l'identifiant de l'entreprise."


class EntryUnknown(DeedRefused):
    """Cette écriture n'existe pas."""

    code, next_action = "LG012", "Relever le numéro de l'écriture avec « achats-ledger todo »."


class EntryOfAnother(DeedRefused):
    """Cette écriture appartient à une autre entreprise."""

    code, next_action = "LG013", "Vérifier l'entreprise et le numéro de l'écriture."


class JournalOfAnother(DeedRefused):
    """Cette écriture est d'un autre journal."""

    code, next_action = "LG014", "Valider les écritures journal par journal."


class AlreadyValidated(DeedRefused):
    """Cette écriture est déjà validée."""

    code, next_action = "LG015", "La contre-passer pour l'annuler, ou la corriger."


class AlreadySuperseded(DeedRefused):
    """Cette écriture a été remplacée par une autre."""

    code, next_action = "LG016", "Choisir l'écriture qui la remplace."


class NoOpenDay(DeedRefused):
    """Aucun exercice ouvert ne peut recevoir cette écriture."""

    code, next_action = "LG017", "Ouvrir l'exercice suivant, puis recommencer."


class MonthLocked(DeedRefused):
    """Ce mois est verrouillé."""

    code, next_action = "LG018", "Le déverrouiller, ou le clôturer : l'écriture passera au premier jour ouvert."


class NothingChosen(DeedRefused):
    """Aucune écriture n'est choisie."""

    code, next_action = "LG019", "Donner au moins un numéro d'écriture."


class NotValidated(DeedRefused):
    """Cette écriture n'est pas validée : elle ne se contre-passe pas."""

    code, next_action = "LG020", "La corriger : une nouvelle écriture la remplace."


class AlreadyReversed(DeedRefused):
    """Cette écriture est déjà contre-passée."""

    code, next_action = "LG021", "Ouvrir la contre-passation."


class ReversalStands(DeedRefused):
    """Cette écriture est une contre-passation : elle ne se corrige ni ne se contre-passe."""

    code, next_action = "LG022", "Saisir une nouvelle écriture."


class YearUnknown(DeedRefused):
    """Cet exercice n'est pas dans le livre."""

    code, next_action = "LG023", "Vérifier l'entreprise et la date."


class NotFurther(DeedRefused):
    """La clôture ne peut pas aller à cette date : elle avance seulement, dans son exercice."""

    code, next_action = "LG024", "Choisir une date après la dernière clôture et avant la fin de l'exercice."


class EarlierYearOpen(DeedRefused):
    """Un exercice antérieur est encore ouvert."""

    code, next_action = "LG025", "Clôturer d'abord l'exercice antérieur."


class WaitingNotAcknowledged(DeedRefused):
    """Des écritures non validées sont datées de cette période ; leur nombre n'a pas été confirmé."""

    code, next_action = (
        "LG026",
        "Les lire avec « achats-ledger todo », puis donner leur nombre avec --waiting : elles passeront après la clôture.",
    )


class LockedSo(DeedRefused):
    """Ce mois est déjà dans cet état."""

    code, next_action = "LG027", "Rien à faire."


class ClosedForGood(DeedRefused):
    """Ce mois est clôturé : il ne se verrouille ni ne se déverrouille plus."""

    code, next_action = "LG028", "Choisir un mois ouvert."


class ReasonMissing(DeedRefused):
    """Le motif manque."""

    code, next_action = "LG029", "Indiquer pourquoi avec --reason."


class AccountUnknown(DeedRefused):
    """Ce compte n'est pas au plan comptable de l'entreprise à cette date."""

    code, next_action = "LG030", "Choisir un compte du plan comptable."


class ChangedMeanwhile(DeedRefused):
    """Le document de cette écriture vient de changer."""

    code, next_action = "LG031", "Le relire, puis recommencer."


class CurrencyMismatched(DeedRefused):
    """Les nouvelles lignes ne sont pas dans la devise de cette écriture."""

    code, next_action = "LG032", "Donner à chaque ligne son montant dans la devise de la pièce ; aucun si elle est en euros."


class SettledAlready(DeedRefused):
    """Cette pièce est déjà réglée, ou n'est plus celle qui compte."""

    code, next_action = "LG040", "La relire, puis recommencer."


class NoSuchLine(DeedRefused):
    """Cette écriture n'a pas de ligne sur ce compte de fournisseur."""

    code, next_action = "LG041", "Vérifier le compte, l'auxiliaire et le numéro de l'écriture."


class NoLongerStands(DeedRefused):
    """Cette écriture est remplacée ou contre-passée : elle ne se lettre pas."""

    code, next_action = "LG042", "Choisir l'écriture qui compte."


class LetteredAlready(DeedRefused):
    """Une de ces lignes est déjà lettrée."""

    code, next_action = "LG043", "La délettrer d'abord avec « achats-ledger unletter »."


class LettersUnbalanced(DeedRefused):
    """Ces lignes ne se soldent pas entre elles ; l'écart en centimes."""

    code, next_action = "LG044", "Choisir au moins deux lignes dont la somme est nulle."


class LetteredStands(DeedRefused):
    """Cette écriture est lettrée : elle ne se corrige ni ne se contre-passe."""

    code, next_action = "LG045", "La délettrer d'abord avec « achats-ledger unletter »."


class TooFarAhead(DeedRefused):
    """Cette date est à plus de dix ans."""

    code, next_action = "LG046", "Vérifier l'année."


class LetterUnknown(DeedRefused):
    """Ce lettrage n'est pas en vigueur sur ce compte."""

    code, next_action = "LG047", "Relever la lettre avec « achats-ledger report supplier »."


class VatFiledSo(DeedRefused):
    """La TVA est déjà notée comme déclarée jusqu'à cette date."""

    code, next_action = "LG060", "Rien à faire."


class AutomaticSo(DeedRefused):
    """La validation automatique de cette entreprise est déjà dans cet état."""

    code, next_action = "LG061", "Rien à faire."


class OnSuspense(DeedRefused):
    """Cette écriture est au compte d'attente 471."""

    code, next_action = "LG062", "La corriger ; si l'expert-comptable la valide ainsi, ajouter --confirm-suspense."


class VatUnsettled(DeedRefused):
    """La TVA qui attend la livraison sur 445801 et l'écriture qui la déduit ne se solderaient plus."""

    code, next_action = (
        "LG063",
        "Garder les lignes sur 445801 ; pour une autre TVA, valider puis contre-passer la facture : ce qui la suit l'est avec elle.",
    )


CODES = {refusal.code: refusal for refusal in DeedRefused.__subclasses__()}


def refusal_of(error: DatabaseError) -> DeedRefused | None:
    """What the database means; None when it is not one of these."""
    refusal = CODES.get(error.sqlstate or "")
    about = error.diag.message_detail
    return refusal(*([about] if about else [])) if refusal else None
