"""chain.sealed: the head of a book's chain on a day."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import HouseData
from schemas.values import Count, Day, Instant, Sha256

LARGEST_PLACE = 10**15
Place = Annotated[int, Field(ge=1, le=LARGEST_PLACE, description="a batch's place in the chain of its book: 1, 2, 3 …")]


class ChainSealed(HouseData):
    """Whoever keeps this can prove later that nothing up to `seq` was changed: every seal holds the one before."""

    ce_type: ClassVar[str] = "achats.chain.sealed.v1"

    book: Count = Field(description="the book's number: that of its partition")
    day: Day = Field(description="in UTC")
    seq: Place
    hash: Sha256 = Field(description="the seal of the batch at `seq`")
    entries: Annotated[int, Field(ge=0, le=LARGEST_PLACE, description="entries in the book up to there")]
    sealed_at: Instant = Field(description="when that batch was written")

    @property
    def subject(self) -> str:
        """Book and day."""
        return f"book-{self.book:02}/{self.day.isoformat()}"
