"""By whose hand a seller's documents are drawn up: layout and language follow from where the seller is established."""

from random import Random

from deploy.local.amazon.papers import Language, Layout

BEYOND = ("bookseller", "grocer", "craftsman", "german", "bavarian", "spanish", "italian", "luxembourgish", "irish", "british", "chinese")
"""Sellers a quiet account does not meet."""

FRENCH_HANDS = (Layout.DRAWN_BY_AMAZON, Layout.SELLERS_OWN)
EUROPEAN_HANDS = (Layout.INTRA_EU, Layout.REVERSE_CHARGE)
HANDS = {
    "branch": (Layout.AMAZON_BRANCH,),
    "stationer": (Layout.DRAWN_BY_AMAZON,),
    "electronics": (Layout.DRAWN_BY_AMAZON,),
    "bookseller": FRENCH_HANDS,
    "grocer": FRENCH_HANDS,
    "craftsman": (Layout.SMALL_BUSINESS,),
    **dict.fromkeys(("german", "bavarian", "spanish", "italian", "luxembourgish", "irish"), EUROPEAN_HANDS),
    **dict.fromkeys(("british", "chinese"), (Layout.RECEIPT,)),
}
LANGUAGES = {
    Layout.INTRA_EU: tuple(Language),
    Layout.SELLERS_OWN: (Language.FRENCH, Language.FRENCH, Language.ENGLISH),
    Layout.RECEIPT: (Language.FRENCH, Language.ENGLISH),
}


def hand_of(seller: str, dice: Random) -> tuple[Layout, Language]:
    """Layout and language of one document; nothing is drawn where there is no choice."""
    layouts = HANDS[seller]
    layout = layouts[0] if len(layouts) == 1 else dice.choice(layouts)
    return layout, dice.choice(LANGUAGES[layout]) if layout in LANGUAGES else Language.FRENCH
