"""The words around the names and numbers of a seller and a buyer, in French, English and German; data only (see `labels`)."""

from services.fetcher.domain.reading.labels import pattern

_HEADING_END = r"(?:\s?/\s?[\w' ]{1,30})?\s*(?::|$)"
_ARTICLE = r"(?:le |la |l'|the |der |die |votre |notre |your |our |ihr |unser )?"
PARTY_HEADINGS = (
    (
        "other",
        pattern(
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
        pattern(
            r"facture a\b(?! (?:regler|payer|acquitter|nous|votre)\b)",
            r"factures? (?:pour|adressee a)\b",
            r"adresse de facturation",
            _ARTICLE + r"(?:client|acheteur|destinataire|acquereur|preneur|abonne)" + _HEADING_END,
            r"nom (?:du client|de l'abonne|de l'acheteur)",
            r"(?:billing address|bill(?:ed)? to(?: address)?|invoice to|sold to)\b(?! (?:pay|be)\b)",
            _ARTICLE + r"(?:customer|buyer|purchaser|recipient|invoiced? to|to)" + _HEADING_END,
            _ARTICLE + r"(?:cliente|destinatario|acquirente|cessionario|comprador)" + _HEADING_END,
            r"rechnung an\b",
            _ARTICLE
            + r"(?:an|empfanger|kaufer|kunde|rechnungsempfanger|rechnungsadresse|rechnungsanschrift|leistungsempfanger)(?:/\w+)?"
            + _HEADING_END,
        ),
    ),
    (
        "seller",
        pattern(
            r"vendue?s?(?: et expedie\w*)? par\b",
            _ARTICLE + r"(?:vendeur|emetteur|fournisseur|prestataire|entreprise)" + _HEADING_END,
            r"emise? par\b",
            r"sold by\b",
            _ARTICLE + r"(?:seller|supplier|vendor|service provider|from)" + _HEADING_END,
            _ARTICLE + r"(?:venditore|fornitore|cedente|vendedor|proveedor|emisor)" + _HEADING_END,
            r"issued by\b",
            r"verkauft (?:von|durch)\b",
            _ARTICLE + r"(?:von|absender|verkaufer|lieferant|rechnungssteller|leistungserbringer)(?:/\w+)?" + _HEADING_END,
        ),
    ),
)
"""Headings of the block that names a party; `other` ends a block and names nobody of interest."""

SENDER_LINE = pattern(r"[^\t]{2,60}?(?:\s[·•|-]\s|, )[^\t]{2,60}?(?:\s[·•|-]\s|, )(?:[a-z]{1,3}-)?\d{4,5} [^\t]{2,60}$")
"""The sender's name and address in one line: over the recipient's, in smaller type, it is the window of an envelope (DIN 5008)."""

BUYER_ID = pattern(r"\b(?:client|acheteur|acquereur|preneur|destinataire|customer|buyer|your|votre|kunde\w*|kaufer\w*|ihre)\b", r"\bbill")
SELLER_ID = pattern(r"\b(?:vendeur|emetteur|fournisseur|prestataire|seller|supplier|vendor|our|notre|verkaufer\w*|lieferant\w*|unsere)\b")
SOLD_BY_SENTENCE = pattern(
    r"\b(?:are|is) sold by ([^\t]{2,80}?)\.?$",
    r"\bau nom et pour (?:le )?compte de ([^\t]{2,80}?)\.?$",
    r"\bin the name and on behalf of ([^\t]{2,80}?)\.?$",
)
LEGAL_NOTICE = pattern(
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
ISSUERS_NOTICE = pattern(
    r"\bau capital\b",
    r"\bsiege social\b",
    r"\bape\b",
    r"\bnaf\b",
    r"\bhandelsregister",
    r"\bhr[ab] ?\d",
    r"\bamtsgericht\b",
    r"\bgeschaftsfuhr",
)
"""What only an issuer prints of himself; SIREN and register stand in a French buyer's address too (CGI ann. II, art. 242 nonies A)."""
HEAD_OFFICE = pattern(r"siege (?:social )?:", r"siege social\b", r"registered office\b")
LEGAL_FORM = (
    r"(?:SASU|SAS|S\.A\.S\.?|SARL|S\.A\.R\.L\.?|S\.?a\.? ?r\.?l\.?|EURL|SA|S\.A\.|SNC|SCI|SCOP|SE|GmbH(?: & Co\. KG)?|AG|KG|UG|"
    r"Ltd\.?|Limited|LLC|Inc\.|PLC|B\.?V\.?|S\.?r\.?l\.?|S\.?p\.?A\.?|S\.?L\.?U?\.?|sp\. z o\.o\.)"
)
"""Legal forms; capital letters count."""

NAME_FIELD = pattern(r"(?:name|nom|raison sociale|societe|company)\s*:")
NOT_A_NAME = pattern(
    r".*:",
    r".*@",
    r"\(",
    r"\+?[\d\s().-]+$",
    r"\d+[ ,]*(?:bis|ter|[a-d])?,? (?:rue|avenue|av|bd|boulevard|place|chemin|allee|impasse|quai|route|street|st|road)\b",
    r"(?:[a-z]{1,2}-? ?)?\d{4,5} [a-z]",
    r"(?:via|viale|piazza|corso|calle|avenida|plaza|paseo|rua) .*\d",
    r".*(?:strass?e|str\.|weg|allee|platz|gasse|ring|damm|ufer) \d{1,4} ?[a-z]?$",
    r"(?:societe|entreprise|firma|company)$",
    r"(?:n\s?°|no\.?|numero|tva|vat|siret|siren|rcs|tel|fax|page|date|facture|invoice|rechnung|avoir|adresse|address|total|montant|description)\b",
    r".*\b(?:tva|vat|ust)\b.*\d{6}",
)

ATTENTION = pattern(r"(?:attn|att|a l'attention de)\s*[.:]?\s+")
VAT_ID_LABEL = pattern(r"\b(?:tva|t\.v\.a|vat|ust|iva|btw|mwst|intra-?\s?com\w*|tax|umsatzsteuer)\b", r"\bust-?id", r"\bust\.")

COUNTRIES = {
    "france": "FR",
    "frankreich": "FR",
    "francia": "FR",
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
