"""The legal mentions of a text that decide its VAT."""

from services.fetcher.domain.reading.labels import pattern
from services.fetcher.domain.reading.layout import plain

MENTIONS = {
    "reverse_charge": pattern(
        r"\bauto-?liquidation\b",
        r"\breverse[- ]charge\b",
        r"\b283\s?[-,.]\s?1\b",
        r"steuerschuldnerschaft des leistungsempfangers",
        r"\bverlagerung der steuerschuld",
        r"\bsteuerschuld\w* (?:geht auf|liegt beim|des leistungsempfangers)",
        r"leistungsempfanger (?:schuldet|ist schuldner|ist steuerschuldner)",
        r"\bumkehrung der steuerschuldnerschaft",
        r"\b(?:preneur|acquereur|client) (?:est )?redevable de la (?:tva|taxe)\b",
        r"\binversione contabile\b",
        r"\binversion del sujeto pasivo\b",
        r"\btva due par (?:le preneur|l'acquereur|le client)",
        r"\bvat (?:is )?(?:due|payable|to be accounted for) by the (?:recipient|customer)",
        r"\barticle 19[46]\b[^.]{0,30}2006/112",
    ),
    "intra_eu_supply": pattern(
        r"\blivraisons? intra-?\s?communautaires?\b",
        r"\b262 ?ter\b",
        r"\bart(?:\.|icle)? ?138\b",
        r"\bintra-?(?:community|eu) supply\b",
        r"\binnergemeinschaftliche\w* ?(?:warenlieferung|lieferung)",
        r"§ ?6 ?a ustg",
    ),
    "export": pattern(
        r"\b262[ -]?,? ?I(?! ?ter)\b",
        r"\b(?:tva|vat|tax)\b[^\t]{0,12}\bexport\b",
        r"\bexport(?:ation)?s?\b[^\t]{0,30}\b(?:exonere|hors (?:ue|union)|exempt|outside the eu)",
        r"\b(?:exonere|exoneration|exempt)\w*\b[^\t]{0,40}\bexport",
        r"\bsteuerfreie ausfuhrlieferung",
        r"\barticle 146\b[^.]{0,30}2006/112",
    ),
    "small_business_exempt": pattern(
        r"\b293 ?-?B\b",
        r"\bfranchise en base\b",
        r"\bkleinunternehmer",
        r"§ ?19\b[^\t]{0,15}ustg",
    ),
    "margin_scheme": pattern(
        r"\b297 ?-?[AE]\b",
        r"\bregime (?:de la marge|particulier)\b",
        r"\btva sur (?:la )?marge\b",
        r"\bmargin scheme\b",
        r"\bdifferenzbesteuer",
        r"§ ?25 ?a ustg",
        r"\barticle 313\b",
    ),
    "not_a_vat_invoice": pattern(
        r"\b(?:is )?not an? (?:valid )?(?:vat |tax )invoice\b",
        r"\bis not an invoice\b",
        r"\b(?:n'est pas|ne constitue pas|ne vaut pas) (?:une )?facture\b",
        r"\b(?:ist )keine rechnung\b",
        r"\bkeine rechnung im sinne\b",
        r"\bsans valeur de facture\b",
    ),
    "vat_on_payment": pattern(r"\btva (?:\w+ ){0,2}(?:sur|d'apres) les encaissements\b"),
}
"""Mentions that decide VAT, and when it is due.

CGI 242 nonies A, 269-2-c, 283, 262 ter, 262 I, 293 B, 297 A; Directive 2006/112 art. 138, 146, 194, 196, 226, 313.
"""


def mentions_in(text: str) -> tuple[str, ...]:
    """Codes of the mentions found, in the order of `MENTIONS`; line breaks inside a mention do not hide it."""
    line = " ".join(plain(text).split())
    return tuple(code for code, words in MENTIONS.items() if words.search(line))
