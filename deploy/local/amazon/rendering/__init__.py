"""Draw a document as a PDF: one module for each family of layouts.

The bytes of a document are always the same: the creation date is the document's own and no random identifier is used.
Loading the PDF library takes about a second, so import this package where the first PDF is drawn.
"""

from deploy.local.amazon.papers import Language, Layout, Paper
from deploy.local.amazon.rendering.by_amazon import BranchSheet, DrawnByAmazonSheet
from deploy.local.amazon.rendering.consolidated import ConsolidatedSheet
from deploy.local.amazon.rendering.exempt import ReceiptSheet, SmallBusinessSheet
from deploy.local.amazon.rendering.finishing import finished
from deploy.local.amazon.rendering.intra_eu import IntraEuSheet
from deploy.local.amazon.rendering.own import OwnSheet
from deploy.local.amazon.rendering.own_german import OwnGermanSheet
from deploy.local.amazon.rendering.reverse_charge import ReverseChargeSheet
from deploy.local.amazon.rendering.sheet import Sheet

SHEETS: dict[Layout, type[Sheet]] = {
    Layout.AMAZON_BRANCH: BranchSheet,
    Layout.DRAWN_BY_AMAZON: DrawnByAmazonSheet,
    Layout.SELLERS_OWN: OwnSheet,
    Layout.SMALL_BUSINESS: SmallBusinessSheet,
    Layout.REVERSE_CHARGE: ReverseChargeSheet,
    Layout.INTRA_EU: IntraEuSheet,
    Layout.RECEIPT: ReceiptSheet,
    Layout.CONSOLIDATED: ConsolidatedSheet,
}


def render(paper: Paper) -> bytes:
    """The PDF of a document, identical at every call."""
    german = paper.layout is Layout.SELLERS_OWN and paper.language is Language.GERMAN
    sheet = OwnGermanSheet if german else SHEETS[paper.layout]
    return finished(sheet(paper).draw(), paper)
