"""The words of documents in French, English and German, as patterns on plain text (no accents, see `layout.plain`).

Data only. Of several patterns that could match, the more telling one stands first.
"""

import re


def pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


LANGUAGES = {
    "fr": pattern(r"\b(?:facture|avoir|tva|montant|date de|numero|vendu par|adresse|quantite|client|designation|le|du|des|et)\b"),
    "en": pattern(r"\b(?:invoice|credit note|vat|amount|date of|number|sold by|address|quantity|customer|the|of|and|for|due)\b"),
    "it": pattern(r"\b(?:fattura|nota di credito|iva|importo|venditore|cliente|quantita|totale|della|di)\b"),
    "es": pattern(r"\b(?:factura|abono|iva|importe|fecha|vendedor|cliente|cantidad|del|para)\b"),
    "de": pattern(r"\b(?:rechnung|gutschrift|mwst|ust|betrag|datum|nummer|verkaufer|anschrift|menge|kaufer|der|die|und|vom)\b"),
}
"""Words that tell the language by their number."""

# What the document is ------------------------------------------------------------------------------------------------

TITLES = (
    (
        "self_billed",
        pattern(
            r"auto-?factur(?:e|ation)\b",
            r"self-?bill(?:ed|ing)(?: invoice)?\b",
            r"gutschrift\s*\(selbst\w* ausgestellte[^)]*\)",
            r"facture (?:emise )?par le client",
        ),
    ),
    (
        "credit_note",
        pattern(
            r"facture d'avoir\b",
            r"avoir\b",
            r"note de credit\b",
            r"credit (?:note|memo)\b",
            r"rechnungskorrektur\b",
            r"stornorechnung\b",
            r"recu de remboursement\b",
            r"refund (?:receipt|note)\b",
            r"(?:erstattungs|gutschrifts)beleg\b",
            r"nota di credito\b",
            r"nota de credito\b",
            r"factura (?:rectificativa|de abono)\b",
        ),
    ),
    ("gutschrift", pattern(r"gutschrift\b")),
    (
        "other",
        pattern(
            r"(?:facture )?pro-?\s?forma(?: invoice)?\b",
            r"facture (?:d'acompte|rectificative)\b",
            r"corrected invoice\b",
            r"anzahlungsrechnung\b",
        ),
    ),
    (
        "receipt",
        pattern(
            r"recu(?: de (?:paiement|vente|caisse|commande|transaction))?\b",
            r"(?:sales |payment |order )?receipt\b",
            r"quittung\b",
            r"kassenbon\b",
        ),
    ),
    (
        "invoice",
        pattern(
            r"(?:duplicata (?:de )?)?facture(?: (?:de vente|originale|definitive|duplicata|commerciale|recapitulative))?\b",
            r"(?:tax |vat |commercial |sales )?invoice\b",
            r"(?:handels|sammel)?rechnung\b",
            r"fattura\b",
            r"factura\b",
        ),
    ),
    (
        "order",
        pattern(
            r"devis\b",
            r"quotation\b",
            r"angebot\b",
            r"bon de (?:commande|livraison)\b",
            r"(?:purchase )?order (?:confirmation|summary)\b",
            r"delivery note\b",
            r"lieferschein\b",
            r"auftragsbestatigung\b",
            r"releve de (?:compte|factures?)\b",
            r"account statement\b",
        ),
    ),
)
"""Titles by type. `gutschrift` is a credit note in trade and a self-billed invoice in law (UStG § 14 Abs. 2): the rest of the page decides.
`order` stands for papers that are none of these, and counts only where no other title is seen: an invoice quotes its order too."""

AFTER_TITLE = pattern(
    r"\s*$",
    r"\s*[-:#/|*(]",
    r"\s+(?:client|kunde)\s*$",
    r"\s+(?:n\s?°|n\.|no\b|nr\b|num|number|du\b|vom\b|of\b|dated\b|en date|sur (?:la )?facture|relatif|concernant|summary\b)",
    r"\s+[a-z]{0,8}[-_/]?\d",
)
"""What may follow a title; anything else makes it part of a sentence or of a label (`Facturé à`, `Invoice date`)."""

# Numbers ---------------------------------------------------------------------------------------------------------------

_SIGN = r"(?:n\s?°\.?|n\.|#|(?:no\.?|nr\.?|num(?:ero|ber|\.)|nummer|id)(?!\w))"
_LATER = r"(?: (?:liee?|d'origine|initiale?|originale?|concernee?|de reference|rectifiee?|corrigee?|creditee?|annulee?|remboursee?))"
_INVOICE = r"(?:facture|invoice|(?:handels)?rechnung|fattura|factura)"


def _number_of(word: str) -> re.Pattern[str]:
    return pattern(
        rf"\b(?:n\s?°|no\.?|nr\.?|num(?:ero|ber|\.)|nummer) ?(?:de la |de l'|de |du |d'|of the |der )?{word}(?!\w)(?!{_LATER})",
        rf"\b{word}s?[- ]?(?:\s*\([^)]*\))*\s*{_SIGN}",
    )


AFTER_TITLE_NUMBER = pattern(rf"(?:\s*\([^)]*\))*\s*(?:{_SIGN})?[\s:.#-]*")
"""Between a title and the number it carries."""

NUMBER_LABELS = {
    "invoice": _number_of(_INVOICE),
    "credit_note": _number_of(
        r"(?:(?:facture d')?avoir|note de credit|credit (?:note|memo)|gutschrifts?|rechnungskorrektur|stornorechnung|korrekturbeleg"
        r"|(?:recu (?:de|du) )?remboursement|refund(?: receipt)?|nota di credito|nota de credito|factura rectificativa)"
    ),
    "receipt": _number_of(r"(?:recu|receipt|quittung|beleg)"),
    "self_billed": _number_of(r"(?:auto-?facture|self-?bill(?:ed|ing) invoice|gutschrift|facture|invoice|rechnung)"),
    "document": pattern(
        r"\b(?:n\s?°|numero) (?:de |du )?(?:document|piece)\b",
        r"\bdocument (?:no\.?|number|id)(?!\w)",
        r"\bbeleg-?(?:nr\.?|nummer)",
        r"^(?:n\s?°|numero|number|nummer|nr\.?)\s*(?::|$)",
        r"^n\s?°\s?(?=\S*\d\S{4})",
    ),
}

REFERENCE_LABELS = {
    "invoice": pattern(r"\bref(?:erence|\.)? (?:de la |de )?facture\b", r"\binvoice ref(?:erence|\.)?(?!\w)", r"\brechnungsreferenz\b"),
    "credit_note": pattern(
        r"\bref(?:erence|\.)? (?:de la |de l'|de |d')?(?:note de credit|avoir)\b",
        r"\bcredit (?:note|memo) ref(?:erence|\.)?(?!\w)",
        r"\bgutschriftsreferenz\b",
    ),
}
"""A document's own reference, where nothing is called its number; « Réf. facture » is another's on a credit note."""

CREDITED_LABELS = pattern(
    rf"\b(?:avoir|note de credit|credit (?:note|memo)|gutschrift|rechnungskorrektur|annulation)(?: \w+)? "
    r"(?:sur|relati\w+ a|concernant|pour|de|for|to|against|on|zur?|fur) (?:la |votre |notre |your |our |the |ihre[rn]? |unsere[rn]? )?"
    rf"{_INVOICE}\b\s*(?:{_SIGN})?",
    rf"\bfacture{_LATER}\s*(?:{_SIGN})?",
    rf"\b(?:n\s?°|numero) ?(?:de la |de )?facture{_LATER}",
    r"\b(?:reference|ref\.?) (?:de la |a la |de )?facture\b",
    rf"\b(?:original|credited|related|corrected|linked|preceding) invoice\b\s*(?:{_SIGN})?",
    r"\binvoice reference\b",
    rf"\b(?:for|to|against|relating to|relative a la|zur?|fur) {_INVOICE}\b\s*(?:{_SIGN})?",
    rf"\b(?:rectification|correction|annulation|remboursement)(?: \w+)? (?:de|a) (?:la |votre |notre )?facture\b\s*(?:{_SIGN})?",
    rf"\b(?:concerne|annule|corrige|rectifie|credite|remplace)\b[^\t:]{{0,30}}\b(?:la |notre |votre )?facture\b\s*(?:{_SIGN})?",
    r"\b(?:remboursement (?:du|de votre)|refund (?:for|of|to|on)(?: your)?) (?:recu|receipt|facture|invoice)\b\s*"
    rf"(?:{_SIGN})?",
    rf"\b(?:relat\w+|refer\w+) to (?:the |our |your )?invoice\b\s*(?:{_SIGN})?",
    rf"\b(?:erstattung|korrektur|storno)\w* (?:zu|zur|der|fur) (?:ihrer |unserer )?(?:rechnung|quittung)\b\s*(?:{_SIGN})?",
    rf"\b(?:bezieht sich auf|betrifft|bezug:?) (?:die |ihre |unsere )?rechnung\b\s*(?:{_SIGN})?",
    rf"\b(?:fattura|factura) (?:di riferimento|originaria|originale|original|rectificada)\b\s*(?:{_SIGN})?",
    rf"\b(?:ursprungs|bezugs|original)rechnung\w*\s*(?:{_SIGN})?",
    rf"\bursprungliche (?:rechnung|rechnungsnummer)\b\s*(?:{_SIGN})?",
)
"""Before the number of the invoice a credit note corrects."""

# Days and currency -----------------------------------------------------------------------------------------------------

CREDIT_DAY_LABELS = pattern(
    r"\bdate (?:de la |de l'|de |d'|du )?(?:avoir|note de credit|facture d'avoir)\b",
    r"\bdate (?:de |du )?remboursement\b",
    r"\b(?:credit (?:note|memo)|refund) date\b",
    r"\bgutschriftsdatum\b",
    r"\bdatum der (?:gutschrift|rechnungskorrektur)\b",
)
ISSUE_DAY_LABELS = pattern(
    r"\bdate d'emission\b",
    rf"\bdate (?:de la |de |d')?(?:facture|facturation)\b(?!{_LATER})",
    r"\bdate (?:de la |de |du |d')?(?:recu|piece|document)\b",
    r"\b(?:emise?|etablie?|facture(?:e)?) le\b",
    r"\b(?:invoice|issue|billing|receipt|document) date\b",
    r"\bdate of (?:issue|invoice)\b",
    r"\bissued(?: on)?\b",
    r"\b(?:rechnungs|ausstellungs|beleg)datum\b",
    r"\b(?:ausgestellt|erstellt) am\b",
    r"\bdata (?:della )?(?:fattura|documento|emissione)\b",
    r"\bfecha de (?:la )?(?:factura|emision|expedicion)\b",
    r"\ben date du\b",
)
BARE_DAY_LABELS = pattern(r"^(?:date|datum|data|fecha)\s*(?::|$|(?=\s\d))", r",\s*(?:le|den)\b", r"^le\b")

CURRENCY_LABELS = pattern(r"\b(?:devise|monnaie)\b", r"\bcurrency\b", r"\b(?:rechnungs)?wahrung\b(?! der)")
US_DOLLARS = pattern(r"\bus dollars?\b", r"\busd\b", r"\bUS\$")

# Totals ------------------------------------------------------------------------------------------------------------------

_OF_DOCUMENT = r"(?: (?:de la |de l'|du |de |for this |of this |this )?(?:facture|avoir|commande|invoice|credit note|recu|receipt|order))"
_IN_CURRENCY = r"(?: \(?(?:en )?(?:eur|euros?|€|usd|\$|gbp|£)\)?)?"
_EXCLUDING = r"\(?(?:excl\w*\.?|excluding|before|without|w/o|ex\.?|net of|hors)\)? ?\(?(?:of )?(?:vat|tax|taxes|tva)\b"
_INCLUDING = r"\(?(?:incl\w*\.?|including|with|inc\.?|tax incl\w*)\)? ?\(?(?:of )?(?:vat|tax|taxes|tva|all)\b"

_PLUS = r"(?:(?:zzgl\.?|plus|davon|enthaltene|inkl\.?) )?(?:\d{1,2}(?:[.,]\d{1,2})? ?% )?"

TOTALS = (
    (
        "net",
        1,
        pattern(
            rf"(?:montant )?total{_OF_DOCUMENT}?{_IN_CURRENCY}(?: net)? \(?(?:h\.?t\.?(?:va)?\b|hors tax\w*|hors tva)\)?",
            rf"(?:sub-?|net )?total(?: amount)? {_EXCLUDING}\)?",
            r"net total\b",
            r"(?:total )?(?:imponibile|base imponible)\b",
            r"total net(?: ht)?\b(?! a payer| amount due)",
            r"(?:rechnungs|gesamt)?(?:summe|betrag) (?:ohne|netto|exkl\.?|zzgl\.?)(?: (?:ust|mwst|umsatzsteuer)\.?)?",
            r"netto(?:betrag|summe|gesamt\w*)\b",
            r"(?:gesamt|rechnungs|waren)?(?:summe|betrag|preis|wert|gesamt)? ?\(?netto\)?(?! zahlbar)\b",
            r"total(?:e)? (?:imponibile|neto|netto|sin iva|s/iva)\b",
        ),
    ),
    (
        "vat",
        1,
        pattern(
            rf"(?:montant )?total{_IN_CURRENCY} (?:de la |des |de )?(?:tva|t\.v\.a\.?|taxes?)\b",
            r"(?:tax|vat) total\b",
            r"total (?:vat|tax)(?: amount)?\b",
            r"(?:gesamt|summe) ?(?:mwst|ust|umsatzsteuer|steuer)\b\.?",
            r"(?:mwst|ust|umsatzsteuer|steuer)\.?(?:betrag)? ?(?:gesamt|summe)\b",
            r"steuerbetrag(?: in [a-z]{3}\b)?",
            r"(?:total(?:e)?|importe) (?:del |de )?iva\b",
        ),
    ),
    (
        "gross",
        1,
        pattern(
            rf"(?:montant )?total{_OF_DOCUMENT}?{_IN_CURRENCY}(?: net)? \(?(?:t\.?t\.?c\b\.?|toutes taxes)(?: comprises)?\)?",
            rf"(?:grand )?total(?: amount)? {_INCLUDING}\)?",
            rf"total{_OF_DOCUMENT}\b",
            r"(?:invoice|credit note|credit|receipt) total\b",
            r"grand total\b",
            r"total general\b",
            r"brutto(?:betrag|summe)\b",
            r"(?:gesamt|rechnungs|end|gutschrifts)(?:betrag|summe|preis)(?: brutto)?\b(?! (?:der|netto))",
            r"(?:gesamt|summe|betrag) (?:inkl\.?|brutto)(?: (?:ust|mwst|umsatzsteuer)\.?)?",
            r"total(?:e)? (?:fattura|factura|documento|con iva)\b",
            r"(?:gesamt)?summe brutto\b",
        ),
    ),
    (
        "net",
        2,
        pattern(
            r"montant(?: eur)? (?:ht|hors tax\w*)\b",
            r"sous-?total(?: ht)?\b",
            r"sub-?total\b",
            r"base ht\b",
            r"zwischensumme\b",
            r"net amount\b",
        ),
    ),
    (
        "vat",
        2,
        pattern(
            r"(?:montant (?:de la |de )?)?(?:dont )?(?:tva|t\.v\.a)\b",
            r"(?:vat|tax|taxes)\b",
            rf"{_PLUS}(?:mwst|ust|umsatzsteuer|mehrwertsteuer|iva)\b",
        ),
    ),
    (
        "gross",
        2,
        pattern(
            r"(?:total|net|montant|solde|somme|reste) a (?:payer|rembourser|regler)\b",
            r"montant(?: eur)? ttc\b",
            r"montant (?:total )?(?:rembourse|paye)\b",
            r"total (?:rembourse|paye|paid|refunded|due)\b",
            r"montant total\b",
            r"total amount\b",
            r"(?:total )?amount due\b",
            r"balance due\b",
            r"zahlbetrag\b",
            r"zu zahlen(?:der betrag)?\b",
            r"(?:offener|falliger) betrag\b",
            r"(?:totale|total) (?:da|a) pagar\w*\b",
            r"(?:importe total|importo totale)\b",
        ),
    ),
    ("gross", 3, pattern(r"total\b", r"gesamt(?:summe)?\b", r"summe\b")),
)
"""What a total is, how surely its label says so (1 = surely), and the label. The first match at a place counts."""

COLUMNS = (
    ("rate", pattern(r"taux", r"\brate\b", r"satz\b", r"%")),
    ("gross", pattern(r"\bt\.?t\.?c\b", r"\bincl", r"brutto", r"\bgross\b")),
    (
        "net",
        pattern(
            r"\bh\.?t\b", r"hors tax", r"\bnet\b", r"netto", r"\bexcl", r"\bbase\b", r"\bbasis", r"\bohne\b", r"\bw/o\b", r"\btaxable\b"
        ),
    ),
    ("vat", pattern(r"\btva\b", r"\bvat\b", r"\btax(?:es)?\b", r"mwst", r"\bust\b", r"\biva\b", r"steuer", r"\bmontant\b", r"\bamount\b")),
)
"""What a column holds, by its heading."""

TOTAL_ROW = pattern(r"(?:sous-?|grand |sub-?)?total\b", r"(?:gesamt)?summe\b", r"gesamt\b")
SUBTOTAL = pattern(r"sous-?total", r"sub-?total", r"zwischensumme", r"report\b")
TAX_WORD = pattern(r"\b(?:tva|t\.v\.a|vat|tax(?:e|es)?|mwst|ust|iva)\b", r"\btaux\b", r"steuer")
ON_A_BASE = pattern(r"\b(?:sur|on|of|auf|von|de|su|sobre)\b[^\w]{0,5}(?:eur|usd|gbp)?[^\w]{0,3}$")
"""Before the base of a tax in one line with it: « zzgl. 20 % MwSt. auf 801,68 € »."""
TAX_LABEL = pattern(
    r"(?:montant (?:de la |de )?|dont )?(?:tva|t\.v\.a|vat|tax(?:e|es)?)\b", rf"{_PLUS}(?:mwst|ust|umsatzsteuer|mehrwertsteuer)\b"
)

# Lines ---------------------------------------------------------------------------------------------------------------------

ITEM_HEADING = pattern(
    r"\b(?:designation|description|libelle|article|produit|prestation|item|beschreibung|bezeichnung|artikel|articulo|descripcion|articolo|descrizione|ware|leistung)s?\b"
)
QUANTITY_HEADING = pattern(r"\b(?:quantite|qte|qty|quantity|nombre|menge|anzahl|cantidad|quantita)\b")
VAT_RATE_HEADING = pattern(r"\btva\b", r"\bvat\b", r"\bmwst\b", r"\bust\b", r"\bsteuersatz\b", r"tax rate")
