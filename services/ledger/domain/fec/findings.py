"""What a check may find in a FEC: how grave it is, its sentence, and what to do (French: a person reads them)."""

from enum import Enum, StrEnum
from typing import NamedTuple

LONGEST_SHOWN = 40
WHOLE_FILE = 0  # the line of a finding about the file itself


class Weight(StrEnum):
    """How grave: against the text of the law, against what books must be, or against what other programs expect."""

    REFUSED = "non conforme (A47 A-1)"
    ANOMALY = "anomalie"
    CUSTOM = "usage"


class Kind(NamedTuple):
    """A rule broken: `{}` in the sentence takes the particulars."""

    weight: Weight
    sentence: str
    next_action: str


REFUSED, ANOMALY, CUSTOM = Weight.REFUSED, Weight.ANOMALY, Weight.CUSTOM
SAME_CHECK = "Corriger l'écriture dans le logiciel, puis refaire l'export."


class Rule(Enum):
    """Every rule that is checked."""

    NAME = Kind(REFUSED, "Le fichier s'appelle « {} », pas SirenFECAAAAMMJJ.txt.", "Renommer le fichier : SIREN, FEC, date de clôture.")
    NAME_SIREN = Kind(REFUSED, "« {} » n'est pas un numéro SIREN.", "Vérifier les neuf chiffres du SIREN dans le nom du fichier.")
    NAME_DAY = Kind(REFUSED, "La date de clôture dans le nom du fichier n'existe pas.", "Mettre le dernier jour de l'exercice, AAAAMMJJ.")
    NAME_EXTENSION = Kind(CUSTOM, "L'extension du fichier est « {} ».", "Renommer le fichier en .txt.")
    EMPTY = Kind(REFUSED, "Le fichier ne contient aucune écriture.", "Refaire l'export en choisissant le bon exercice.")
    ENCODING = Kind(REFUSED, "Des caractères ne sont ni en UTF-8 ni en ISO 8859-15.", "Exporter en UTF-8 ou en ISO 8859-15.")
    MIXED_ENCODINGS = Kind(
        REFUSED, "La ligne n'a pas l'encodage des lignes précédentes ({}).", "Exporter tout le fichier dans un seul encodage."
    )
    BOM = Kind(ANOMALY, "Le fichier commence par une marque d'ordre d'octets (BOM).", "Enregistrer en UTF-8 sans BOM.")
    CONTROL = Kind(REFUSED, "La ligne contient un caractère de contrôle.", "Retirer ce caractère du libellé.")
    LONG_LINE = Kind(REFUSED, "La ligne dépasse 65 536 octets ; la suite n'a pas été lue.", "Vérifier les fins de ligne de l'export.")
    BLANK_LINE = Kind(REFUSED, "La ligne est vide.", "Supprimer la ligne vide.")
    LINE_ENDS = Kind(CUSTOM, "La fin de ligne n'est pas celle des lignes précédentes.", "Terminer toutes les lignes de la même façon.")
    LAST_LINE = Kind(CUSTOM, "La dernière ligne n'est pas terminée : le fichier est peut-être coupé.", "Vérifier que l'export est complet.")
    SEPARATOR = Kind(REFUSED, "Les champs ne sont séparés ni par une tabulation ni par « | ».", "Refaire l'export avec des tabulations.")
    OTHER_SEPARATOR = Kind(ANOMALY, "Le champ contient « | » dans un fichier à tabulations.", "Remplacer ce caractère dans le libellé.")
    NO_HEADER = Kind(REFUSED, "La première ligne ne nomme pas les champs.", "Ajouter la ligne des noms des 18 champs.")
    MISSING_FIELD = Kind(REFUSED, "La colonne manque.", "Ajouter la colonne, même vide.")
    UNKNOWN_FIELD = Kind(ANOMALY, "La colonne « {} » n'est pas prévue par l'article A47 A-1.", "Retirer cette colonne.")
    FIELD_TWICE = Kind(REFUSED, "La colonne est nommée deux fois.", "Ne garder qu'une des deux colonnes.")
    FIELD_CASE = Kind(ANOMALY, "La colonne est écrite « {} ».", "Reprendre les majuscules du texte.")
    FIELD_ORDER = Kind(ANOMALY, "Les colonnes ne sont pas dans l'ordre de l'article A47 A-1.", "Remettre les colonnes dans l'ordre.")
    FIELD_COUNT = Kind(
        REFUSED, "La ligne a {} champs au lieu de {} ; elle n'a pas été lue.", "Chercher un séparateur de trop ou un champ absent."
    )
    BLANK = Kind(REFUSED, "Le champ est obligatoire et vide.", "Remplir le champ, puis refaire l'export.")
    DAY = Kind(REFUSED, "« {} » n'est pas une date AAAAMMJJ qui existe.", "Écrire la date sur huit chiffres, comme 20261231.")
    OUTSIDE_YEAR = Kind(
        ANOMALY, "La date {} n'est pas dans l'exercice.", "Corriger la date, ou indiquer le premier jour de l'exercice avec --opens."
    )
    PIECE_LATER = Kind(ANOMALY, "La pièce est datée après l'écriture.", "Vérifier la date de la pièce et celle de l'écriture.")
    VALIDATED_EARLIER = Kind(ANOMALY, "L'écriture est validée avant sa propre date.", "Vérifier la date de validation.")
    VALIDATED_BACKWARDS = Kind(
        ANOMALY, "L'écriture est validée avant celle qui la précède au journal.", "Ranger les écritures par date de validation."
    )
    ACCOUNT = Kind(
        ANOMALY, "« {} » ne commence pas par trois chiffres d'une classe 1 à 8 du plan comptable.", "Rattacher le compte au plan comptable."
    )
    AUXILIARY_PAIR = Kind(
        ANOMALY, "Le compte auxiliaire et son libellé ne vont pas l'un sans l'autre.", "Remplir les deux champs, ou aucun."
    )
    AUXILIARY_ELSEWHERE = Kind(
        CUSTOM, "Un compte auxiliaire accompagne le compte {}, qui n'est ni 40 ni 41.", "Retirer l'auxiliaire, ou changer de compte."
    )
    AUXILIARY_ABSENT = Kind(CUSTOM, "Le compte {} n'a pas de compte auxiliaire.", "Indiquer le tiers.")
    LABEL_CHANGED = Kind(ANOMALY, "« {} » avait un autre libellé plus haut.", "Garder un seul libellé, celui de la clôture.")
    AMOUNT = Kind(REFUSED, "« {} » n'est pas un montant comme 1234,56.", "Écrire une virgule, deux décimales, et pas d'espace.")
    DECIMALS = Kind(ANOMALY, "« {} » a plus de deux décimales.", "Arrondir au centime dans le logiciel.")
    NEGATIVE = Kind(ANOMALY, "Le montant {} est négatif.", "Passer le montant de l'autre côté, sans signe.")
    BLANK_AMOUNT = Kind(CUSTOM, "Le montant est vide.", "Écrire 0,00.")
    BOTH_SIDES = Kind(ANOMALY, "La ligne a un débit et un crédit.", "Faire deux lignes.")
    NO_AMOUNT = Kind(ANOMALY, "La ligne n'a ni débit ni crédit.", "Retirer la ligne, ou retrouver son montant.")
    SIDE = Kind(REFUSED, "« {} » n'est ni D ni C, ni +1 ni -1.", "Écrire D pour un débit, C pour un crédit.")
    LETTER_PAIR = Kind(ANOMALY, "Le lettrage et sa date ne vont pas l'un sans l'autre.", "Remplir les deux champs, ou aucun.")
    LETTER_UNBALANCED = Kind(ANOMALY, "Le lettrage « {} » n'est pas soldé : il reste {}.", "Revoir les lignes lettrées ensemble.")
    CURRENCY_PAIR = Kind(ANOMALY, "Le montant en devise et la devise ne vont pas l'un sans l'autre.", "Remplir les deux champs, ou aucun.")
    CURRENCY = Kind(ANOMALY, "« {} » n'est pas un code de devise ISO 4217.", "Écrire le code en trois lettres, comme USD.")
    UNBALANCED = Kind(ANOMALY, "L'écriture {} n'est pas équilibrée : débit {}, crédit {}.", SAME_CHECK)
    TOTAL_UNBALANCED = Kind(ANOMALY, "Le fichier n'est pas équilibré : débit {}, crédit {}.", "Corriger les écritures déséquilibrées.")
    TWO_DATES = Kind(ANOMALY, "L'écriture {} porte deux dates.", SAME_CHECK)
    TWO_VALIDATIONS = Kind(ANOMALY, "L'écriture {} porte deux dates de validation.", SAME_CHECK)
    NUMBER_GAP = Kind(ANOMALY, "Le numéro {} suit {} : des numéros manquent.", "Retrouver les écritures absentes, ou expliquer le trou.")
    NUMBER_BACK = Kind(ANOMALY, "Le numéro {} vient après {} : doublon, ou écritures en désordre.", "Renuméroter, ou ranger les écritures.")
    NUMBER_START = Kind(CUSTOM, "Les numéros du journal {} commencent à {}.", "Vérifier que le fichier commence au début de l'exercice.")
    NO_NUMBER = Kind(
        CUSTOM, "« {} » ne finit pas par un nombre : la suite ne peut pas être vérifiée.", "Numéroter les écritures en continu."
    )
    SAME_ENTRY = Kind(
        ANOMALY, "L'écriture {} répète la précédente, pièce et montants compris.", "Annuler l'une des deux si c'est un doublon."
    )
    LINES_TWICE = Kind(ANOMALY, "L'écriture {} contient deux fois les mêmes lignes.", "Retirer les lignes en trop si c'est un doublon.")
    CLASSES_CLOSED = Kind(ANOMALY, "L'écriture {} solde les classes 6 et 7 par le compte 12.", "Exporter avant l'écriture de clôture.")


class Finding(NamedTuple):
    """A rule broken at a line (from 1; 0 = the file) in a field (empty = the line)."""

    line: int
    field: str
    rule: Rule
    particulars: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As a person reads it: where, how grave, what, and what to do."""
        kind = self.rule.value
        where = "fichier" if self.line == WHOLE_FILE else f"ligne {self.line}"
        sentence = kind.sentence.format(*map(_shown, self.particulars))
        return f"{where}{', ' if self.field else ''}{self.field} — {kind.weight} : {sentence} {kind.next_action}"


def _shown(text: str) -> str:
    """A stranger's text on a terminal: printable, and short."""
    printable = "".join(letter if letter.isprintable() else "·" for letter in text[: LONGEST_SHOWN + 1])
    return printable if len(printable) <= LONGEST_SHOWN else f"{printable[:LONGEST_SHOWN]}…"
