"""The words of documents in French, English and German, as patterns on plain text (no accents, see `layout.plain`).

Data only. Of several patterns that could match, the more telling one stands first.
"""

import re


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


LANGUAGES = {
    "fr": _pattern(r"\b(?:facture|avoir|tva|montant|date de|numero|vendu par|adresse|quantite|client|designation|le|du|des|et)\b"),
    "en": _pattern(r"\b(?:invoice|credit note|vat|amount|date of|number|sold by|address|quantity|customer|the|of|and|for|due)\b"),
    "de": _pattern(r"\b(?:rechnung|gutschrift|mwst|ust|betrag|datum|nummer|verkaufer|anschrift|menge|kaufer|der|die|und|vom)\b"),
}
"""Words that tell the language by their number."""

# What the document is ------------------------------------------------------------------------------------------------

TITLES = (
    (
        "self_billed",
        _pattern(
            r"auto-?factur(?:e|ation)\b",
            r"self-?bill(?:ed|ing)(?: invoice)?\b",
            r"gutschrift\s*\(selbst\w* ausgestellte[^)]*\)",
            r"facture (?:emise )?par le client",
        ),
    ),
    (
        "credit_note",
        _pattern(
            r"facture d'avoir\b", r"avoir\b", r"note de credit\b", r"credit (?:note|memo)\b", r"rechnungskorrektur\b", r"stornorechnung\b"
        ),
    ),
    ("gutschrift", _pattern(r"gutschrift\b")),
    (
        "other",
        _pattern(
            r"(?:facture )?pro-?\s?forma(?: invoice)?\b",
            r"facture (?:d'acompte|rectificative)\b",
            r"corrected invoice\b",
        ),
    ),
    (
        "receipt",
        _pattern(
            r"recu(?: de (?:paiement|vente|caisse|commande|transaction))?\b",
            r"(?:sales |payment )?receipt\b",
            r"quittung\b",
            r"kassenbon\b",
        ),
    ),
    (
        "invoice",
        _pattern(
            r"(?:duplicata (?:de )?)?facture(?: (?:de vente|originale|definitive|duplicata|commerciale))?\b",
            r"(?:tax |vat |commercial |sales )?invoice\b",
            r"(?:handels)?rechnung\b",
        ),
    ),
    (
        "order",
        _pattern(
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

AFTER_TITLE = _pattern(
    r"\s*$",
    r"\s*[-:#/|*\t(]",
    r"\s+(?:n\s?°|no\b|nr\b|num|number|du\b|vom\b|of\b|dated\b|en date|sur (?:la )?facture|relatif|concernant|summary\b)",
    r"\s+[a-z]{0,8}[-_/]?\d",
)
"""What may follow a title; anything else makes it part of a sentence or of a label (`Facturé à`, `Invoice date`)."""

# Numbers ---------------------------------------------------------------------------------------------------------------

_SIGN = r"(?:n\s?°\.?|no\.?|nr\.?|num(?:ero|ber|\.)|nummer|#|id)(?!\w)"
_LATER = r"(?: (?:liee?|d'origine|initiale?|originale?|concernee?|de reference|rectifiee?|corrigee?|creditee?|annulee?|remboursee?))"
_INVOICE = r"(?:facture|invoice|(?:handels)?rechnung)"


def _number_of(word: str) -> re.Pattern[str]:
    return _pattern(
        rf"\b(?:n\s?°|no\.?|nr\.?|num(?:ero|ber|\.)|nummer) ?(?:de la |de l'|de |du |d'|of the |der )?{word}(?!\w)(?!{_LATER})",
        rf"\b{word}s?[- ]?(?:\s*\([^)]*\))*\s*{_SIGN}",
    )


NUMBER_LABELS = {
    "invoice": _number_of(_INVOICE),
    "credit_note": _number_of(
        r"(?:(?:facture d')?avoir|note de credit|credit (?:note|memo)|gutschrift|rechnungskorrektur|stornorechnung|korrekturbeleg)"
    ),
    "receipt": _number_of(r"(?:recu|receipt|quittung|beleg)"),
    "self_billed": _number_of(r"(?:auto-?facture|self-?bill(?:ed|ing) invoice|gutschrift|facture|invoice|rechnung)"),
    "document": _pattern(
        r"\b(?:n\s?°|numero) (?:de |du )?(?:document|piece)\b", r"\bdocument (?:no\.?|number|id)(?!\w)", r"\bbeleg-?(?:nr\.?|nummer)"
    ),
}

CREDITED_LABELS = _pattern(
    rf"\b(?:avoir|note de credit|credit (?:note|memo)|gutschrift|rechnungskorrektur|annulation)(?: \w+)? "
    rf"(?:sur|relati\w+ a|concernant|pour|de|for|to|against|on|zur?|fur) (?:la |votre |notre |your |our |the |ihre[rn]? |unsere[rn]? )?{_INVOICE}\b\s*(?:{_SIGN})?",
    rf"\bfacture{_LATER}\s*(?:{_SIGN})?",
    rf"\b(?:n\s?°|numero) ?(?:de la |de )?facture{_LATER}",
    r"\b(?:reference|ref\.?) (?:de la |a la |de )?facture\b",
    rf"\b(?:original|credited|related|corrected|linked|preceding) invoice\b\s*(?:{_SIGN})?",
    r"\binvoice reference\b",
    rf"\b(?:for|to|against|relating to|relative a la|zur?|fur) {_INVOICE}\b\s*(?:{_SIGN})?",
    rf"\b(?:ursprungs|bezugs|original)rechnung\w*\s*(?:{_SIGN})?",
    rf"\bursprungliche (?:rechnung|rechnungsnummer)\b\s*(?:{_SIGN})?",
)
"""Before the number of the invoice a credit note corrects."""

# Days and currency -----------------------------------------------------------------------------------------------------

CREDIT_DAY_LABELS = _pattern(
    r"\bdate (?:de la |de l'|de |d'|du )?(?:avoir|note de credit|facture d'avoir)\b",
    r"\bcredit (?:note|memo) date\b",
    r"\bgutschriftsdatum\b",
    r"\bdatum der (?:gutschrift|rechnungskorrektur)\b",
)
ISSUE_DAY_LABELS = _pattern(
    r"\bdate d'emission\b",
    rf"\bdate (?:de la |de |d')?(?:facture|facturation)\b(?!{_LATER})",
    r"\bdate (?:de la |de |du |d')?(?:recu|piece|document)\b",
    r"\bemise? le\b",
    r"\b(?:invoice|issue|billing|receipt|document) date\b",
    r"\bdate of (?:issue|invoice)\b",
    r"\bissued(?: on)?\b",
    r"\b(?:rechnungs|ausstellungs|beleg)datum\b",
    r"\ben date du\b",
)
BARE_DAY_LABELS = _pattern(r"^date\s*:?(?=\s|$)", r"^datum\s*:?(?=\s|$)", r",\s*(?:le|den)\b", r"^le\b")

CURRENCY_LABELS = _pattern(r"\b(?:devise|monnaie)\b", r"\bcurrency\b", r"\b(?:rechnungs)?wahrung\b(?! der)")
US_DOLLARS = _pattern(r"\bus dollars?\b", r"\busd\b", r"\bUS\$")

# Totals ------------------------------------------------------------------------------------------------------------------

_OF_DOCUMENT = r"(?: (?:de la |de l'|du |de |for this |of this |this )?(?:facture|avoir|commande|invoice|credit note|recu|receipt|order))"
_IN_CURRENCY = r"(?: \(?(?:en )?(?:eur|euros?|€|usd|\$|gbp|£)\)?)?"
_EXCLUDING = r"\(?(?:excl\w*\.?|excluding|before|without|w/o|ex\.?|net of|hors)\)? ?\(?(?:of )?(?:vat|tax|taxes|tva)\b"
_INCLUDING = r"\(?(?:incl\w*\.?|including|with|inc\.?|tax incl\w*)\)? ?\(?(?:of )?(?:vat|tax|taxes|tva|all)\b"

TOTALS = (
    (
        "net",
        1,
        _pattern(
            rf"(?:montant )?total{_OF_DOCUMENT}?{_IN_CURRENCY}(?: net)? \(?(?:h\.?t\.?(?:va)?\b|hors tax\w*|hors tva)\)?",
            rf"(?:sub-?|net )?total(?: amount)? {_EXCLUDING}\)?",
            r"net total\b",
            r"total net(?: ht)?\b(?! a payer| amount due)",
            r"(?:rechnungs|gesamt)?(?:summe|betrag) (?:ohne|netto|exkl\.?|zzgl\.?)(?: (?:ust|mwst|umsatzsteuer)\.?)?",
            r"netto(?:betrag|summe|gesamt\w*)\b",
        ),
    ),
    (
        "vat",
        1,
        _pattern(
            rf"(?:montant )?total{_IN_CURRENCY} (?:de la |des |de )?(?:tva|t\.v\.a\.?|taxes?)\b",
            r"(?:tax|vat) total\b",
            r"total (?:vat|tax)(?: amount)?\b",
            r"(?:gesamt|summe) ?(?:mwst|ust|umsatzsteuer|steuer)\b\.?",
            r"(?:mwst|ust|umsatzsteuer|steuer)\.?(?:betrag)? ?(?:gesamt|summe)\b",
            r"steuerbetrag(?: in [a-z]{3}\b)?",
        ),
    ),
    (
        "gross",
        1,
        _pattern(
            rf"(?:montant )?total{_OF_DOCUMENT}?{_IN_CURRENCY}(?: net)? \(?(?:t\.?t\.?c\b\.?|toutes taxes)(?: comprises)?\)?",
            rf"(?:grand )?total(?: amount)? {_INCLUDING}\)?",
            rf"total{_OF_DOCUMENT}\b",
            r"(?:invoice|credit note|credit|receipt) total\b",
            r"grand total\b",
            r"total general\b",
            r"brutto(?:betrag|summe)\b",
            r"(?:gesamt|rechnungs|end|gutschrifts)betrag(?: brutto)?\b(?! (?:der|netto))",
            r"(?:gesamt)?summe brutto\b",
        ),
    ),
    (
        "net",
        2,
        _pattern(
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
        _pattern(r"(?:montant (?:de la |de )?)?(?:dont )?(?:tva|t\.v\.a)\b", r"(?:vat|tax|taxes|mwst|ust|umsatzsteuer|mehrwertsteuer)\b"),
    ),
    (
        "gross",
        2,
        _pattern(
            r"(?:total|net|montant|solde|somme|reste) a (?:payer|rembourser|regler)\b",
            r"montant(?: eur)? ttc\b",
            r"montant (?:total )?(?:rembourse|paye)\b",
            r"total (?:rembourse|paye|paid|refunded|due)\b",
            r"(?:total )?amount due\b",
            r"balance due\b",
            r"zahlbetrag\b",
            r"zu zahlen(?:der betrag)?\b",
        ),
    ),
    ("gross", 3, _pattern(r"total\b", r"gesamt(?:summe)?\b", r"summe\b")),
)
"""What a total is, how surely its label says so (1 = surely), and the label. The first match at a place counts."""

COLUMNS = (
    ("rate", _pattern(r"taux", r"\brate\b", r"satz\b", r"%")),
    ("gross", _pattern(r"\bt\.?t\.?c\b", r"\bincl", r"brutto", r"\bgross\b")),
    (
        "net",
        _pattern(
            r"\bh\.?t\b", r"hors tax", r"\bnet\b", r"netto", r"\bexcl", r"\bbase\b", r"\bbasis", r"\bohne\b", r"\bw/o\b", r"\btaxable\b"
        ),
    ),
    ("vat", _pattern(r"\btva\b", r"\bvat\b", r"\btax(?:es)?\b", r"mwst", r"\bust\b", r"steuer", r"\bmontant\b", r"\bamount\b")),
)
"""What a column holds, by its heading."""

TOTAL_ROW = _pattern(r"(?:sous-?|grand |sub-?)?total\b", r"(?:gesamt)?summe\b", r"gesamt\b")
SUBTOTAL = _pattern(r"sous-?total", r"sub-?total", r"zwischensumme", r"report\b")
TAX_WORD = _pattern(r"\b(?:tva|t\.v\.a|vat|tax(?:e|es)?|mwst|ust)\b", r"\btaux\b", r"steuer")
TAX_LABEL = _pattern(r"(?:montant (?:de la |de )?|dont )?(?:tva|t\.v\.a|vat|tax(?:e|es)?|mwst|ust|umsatzsteuer|mehrwertsteuer)\b")

# Lines ---------------------------------------------------------------------------------------------------------------------

ITEM_HEADING = _pattern(r"\b(?:designation|description|libelle|article|produit|prestation|item|beschreibung|bezeichnung|artikel)s?\b")
QUANTITY_HEADING = _pattern(r"\b(?:quantite|qte|qty|quantity|nombre|menge|anzahl)\b")
VAT_RATE_HEADING = _pattern(r"\btva\b", r"\bvat\b", r"\bmwst\b", r"\bust\b", r"\bsteuersatz\b", r"tax rate")

# Parties ---------------------------------------------------------------------------------------------------------------------

_HEADING_END = r"\s*(?::|$)"
PARTY_HEADINGS = (
    (
        "other",
        _pattern(
            r"(?:adresse|lieu) de livraison",
            r"livre a\b",
            r"expedie a\b",
            r"(?:delivery|shipping) address",
            r"(?:ship(?:ped)?|deliver(?:ed)?) to\b",
            r"lieferadresse",
            r"lieferanschrift",
            r"abweichender ",
            r"steuerbevollmachtigter",
            r"representant fiscal",
            r"tax representative",
            r"(?:contact|sales contact|contact commercial)" + _HEADING_END,
            r"expedie (?:par|de)\b",
            r"(?:modes?|conditions?) de (?:paiement|reglement)",
            r"zahlung",
        ),
    ),
    (
        "buyer",
        _pattern(
            r"facture a\b",
            r"factures? (?:pour|adressee a)\b",
            r"adresse de facturation",
            r"(?:client|acheteur|destinataire|acquereur|preneur|abonne)" + _HEADING_END,
            r"nom (?:du client|de l'abonne|de l'acheteur)",
            r"(?:billing address|bill(?:ed)? to(?: address)?|invoice to|sold to)\b",
            r"(?:customer|buyer|purchaser)" + _HEADING_END,
            r"(?:kaufer|kunde|rechnungsempfanger|rechnungsadresse|rechnungsanschrift|leistungsempfanger)(?:/\w+)?" + _HEADING_END,
        ),
    ),
    (
        "seller",
        _pattern(
            r"vendue?s?(?: et expedie\w*)? par\b",
            r"(?:vendeur|emetteur|fournisseur|prestataire)" + _HEADING_END,
            r"emise? par\b",
            r"sold by\b",
            r"(?:seller|supplier|vendor|service provider)" + _HEADING_END,
            r"issued by\b",
            r"verkauft (?:von|durch)\b",
            r"(?:verkaufer|lieferant|rechnungssteller|leistungserbringer)(?:/\w+)?" + _HEADING_END,
        ),
    ),
)
"""Headings of the block that names a party; `other` ends a block and names nobody of interest."""

BUYER_ID = _pattern(r"\b(?:client|acheteur|acquereur|preneur|destinataire|customer|buyer|your|votre|kunde\w*|kaufer\w*|ihre)\b", r"\bbill")
SELLER_ID = _pattern(r"\b(?:vendeur|emetteur|fournisseur|prestataire|seller|supplier|vendor|our|notre|verkaufer\w*|lieferant\w*|unsere)\b")
SOLD_BY_SENTENCE = _pattern(
    r"\b(?:are|is) sold by ([^\t]{2,80}?)\.?$",
    r"\bau nom et pour (?:le )?compte de ([^\t]{2,80}?)\.?$",
    r"\bin the name and on behalf of ([^\t]{2,80}?)\.?$",
)
LEGAL_NOTICE = _pattern(
    r"\bsiret\b",
    r"\bsiren\b",
    r"\br\.?c\.?s\b",
    r"\bau capital\b",
    r"\bsiege social\b",
    r"\bape\b",
    r"\bnaf\b",
    r"\bhandelsregister",
    r"\bhrb\b",
)
HEAD_OFFICE = _pattern(r"siege (?:social )?:", r"siege social\b", r"registered office\b")
LEGAL_FORM = (
    r"(?:SASU|SAS|S\.A\.S\.?|SARL|S\.A\.R\.L\.?|S\.?a\.? ?r\.?l\.?|EURL|SA|S\.A\.|SNC|SCI|SCOP|SE|GmbH(?: & Co\. KG)?|AG|KG|UG|Ltd\.?|Limited|LLC|Inc\.|PLC|"
    r"B\.?V\.?|S\.?r\.?l\.?|S\.?p\.?A\.?|S\.?L\.?U?\.?|sp\. z o\.o\.)"
)
"""Legal forms; capital letters count."""

NAME_FIELD = _pattern(r"(?:name|nom|raison sociale|societe|company)\s*:")
NOT_A_NAME = _pattern(
    r".*:",
    r".*@",
    r"\(",
    r"\+?[\d\s().-]+$",
    r"\d+[ ,]*(?:bis|ter|[a-d])?,? (?:rue|avenue|av|bd|boulevard|place|chemin|allee|impasse|quai|route|street|st|road)\b",
    r"(?:[a-z]{1,2}-? ?)?\d{4,5} [a-z]",
    r"(?:n\s?°|no\.?|numero|tva|vat|siret|siren|rcs|tel|fax|page|date|facture|invoice|rechnung|avoir|adresse|address|total|montant|description)\b",
    r".*\b(?:tva|vat|ust)\b.*\d{6}",
)

ATTENTION = _pattern(r"(?:attn|att|a l'attention de)\s*[.:]?\s+")
VAT_ID_LABEL = _pattern(r"\b(?:tva|t\.v\.a|vat|ust|iva|btw|mwst|intra-?\s?com\w*|tax|umsatzsteuer)\b", r"\bust-?id", r"\bust\.")

COUNTRIES = {
    "france": "FR",
    "allemagne": "DE",
    "germany": "DE",
    "deutschland": "DE",
    "luxembourg": "LU",
    "luxemburg": "LU",
    "belgique": "BE",
    "belgium": "BE",
    "belgien": "BE",
    "espagne": "ES",
    "spain": "ES",
    "espana": "ES",
    "spanien": "ES",
    "italie": "IT",
    "italy": "IT",
    "italia": "IT",
    "italien": "IT",
    "pays-bas": "NL",
    "netherlands": "NL",
    "the netherlands": "NL",
    "niederlande": "NL",
    "pologne": "PL",
    "poland": "PL",
    "polen": "PL",
    "polska": "PL",
    "irlande": "IE",
    "ireland": "IE",
    "irland": "IE",
    "autriche": "AT",
    "austria": "AT",
    "osterreich": "AT",
    "portugal": "PT",
    "suede": "SE",
    "sweden": "SE",
    "schweden": "SE",
    "danemark": "DK",
    "denmark": "DK",
    "finlande": "FI",
    "finland": "FI",
    "republique tcheque": "CZ",
    "czech republic": "CZ",
    "czechia": "CZ",
    "royaume-uni": "GB",
    "united kingdom": "GB",
    "vereinigtes konigreich": "GB",
    "suisse": "CH",
    "switzerland": "CH",
    "schweiz": "CH",
    "chine": "CN",
    "china": "CN",
    "hong kong": "HK",
    "etats-unis": "US",
    "united states": "US",
    "usa": "US",
    "monaco": "MC",
    "la reunion": "RE",
    "guadeloupe": "GP",
    "martinique": "MQ",
}
"""Names of countries as addresses end with them → ISO 3166-1 alpha-2."""

# Mentions ----------------------------------------------------------------------------------------------------------------

MENTIONS = {
    "reverse_charge": _pattern(
        r"\bauto-?liquidation\b",
        r"\breverse[- ]charge\b",
        r"\b283\s?[-,.]\s?1\b",
        r"steuerschuldnerschaft des leistungsempfangers",
        r"\bverlagerung der steuerschuld",
        r"\btva due par (?:le preneur|l'acquereur|le client)",
        r"\bvat (?:is )?(?:due|payable|to be accounted for) by the (?:recipient|customer)",
        r"\barticle 19[46]\b[^.]{0,30}2006/112",
    ),
    "intra_eu_supply": _pattern(
        r"\blivraisons? intra-?\s?communautaires?\b",
        r"\b262 ?ter\b",
        r"\bart(?:\.|icle)? ?138\b",
        r"\bintra-?(?:community|eu) supply\b",
        r"\binnergemeinschaftliche\w* ?(?:warenlieferung|lieferung)",
        r"§ ?6 ?a ustg",
    ),
    "export": _pattern(
        r"\b262[ -]?,? ?I(?! ?ter)\b",
        r"\b(?:tva|vat|tax)\b[^\t]{0,12}\bexport\b",
        r"\bexport(?:ation)?s?\b[^\t]{0,30}\b(?:exonere|hors (?:ue|union)|exempt|outside the eu)",
        r"\b(?:exonere|exoneration|exempt)\w*\b[^\t]{0,40}\bexport",
        r"\bsteuerfreie ausfuhrlieferung",
        r"\barticle 146\b[^.]{0,30}2006/112",
    ),
    "small_business_exempt": _pattern(
        r"\b293 ?-?B\b",
        r"\bfranchise en base\b",
        r"\bkleinunternehmer",
        r"§ ?19\b[^\t]{0,15}ustg",
    ),
    "margin_scheme": _pattern(
        r"\b297 ?-?[AE]\b",
        r"\bregime (?:de la marge|particulier)\b",
        r"\btva sur (?:la )?marge\b",
        r"\bmargin scheme\b",
        r"\bdifferenzbesteuer",
        r"§ ?25 ?a ustg",
        r"\barticle 313\b",
    ),
    "not_a_vat_invoice": _pattern(
        r"\bnot a (?:valid )?(?:vat|tax) invoice\b",
        r"\b(?:n'est pas|ne constitue pas|ne vaut pas) (?:une )?facture\b",
        r"\bkeine rechnung im sinne\b",
        r"\bsans valeur de facture\b",
    ),
}
"""Mentions that decide VAT (CGI 242 nonies A, 283, 262 ter, 262 I, 293 B, 297 A; Directive 2006/112 art. 138, 146, 194, 196, 226, 313)."""
