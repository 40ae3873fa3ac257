"""A company's own rules: written by a person, or learned from what people corrected. Each has an owner, and can be withdrawn."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.contract import Contract
from schemas.values import Account, Auxiliary, Cents, Code, Reference, Siren, Supplier, Text, VatId, known
from services.classifier.domain.items import Item
from services.classifier.domain.nature.wording import Vocabulary, Words, decisive, fold, text_of, tokens_of

CompanyTier = Literal["company_product", "company_seller", "company_field", "company_amount", "taught"]
TIERS: tuple[CompanyTier, ...] = ("company_product", "company_seller", "company_field", "company_amount", "taught")
ANY_LANGUAGE = ("fr", "en", "de")
Values = Annotated[tuple[Text, ...], Field(max_length=200)]


class CompanyRule(Contract):
    """The nature of the lines of one company that meet every condition the rule names; of several values of one condition, any."""

    id: Reference
    nature: Code
    account: Account | None = Field(default=None, description="instead of the nature's own")
    products: Values = Field(default=(), description="ASINs, or whole titles")
    words: Values = Field(default=(), description="words in the part of the title that names the article")
    unspsc: Annotated[tuple[Annotated[str, Field(pattern=r"^\d{2,8}$")], ...], Field(max_length=200)] = ()
    sellers: Values = Field(default=(), description="VAT numbers, or whole names")
    fields: dict[Reference, Text] = Field(default_factory=dict, description="checkout fields of the order, such as GL code or cost centre")
    above_cents: Cents | None = Field(default=None, description="a higher net per unit")
    up_to_cents: Cents | None = Field(default=None, description="this net per unit, or a lower one")
    owner: Text = Field(description="who answers for the rule")
    origin: Code = known("written, taught (the same correction three times), always (a person said so)")
    edition: int = Field(ge=1, description="the edition of the company's rules that brought it")

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if not (self.products or self.words or self.unspsc or self.sellers or self.fields or self.above_cents or self.up_to_cents):
            raise ValueError(f"rule {self.id} names no condition: it would decide everything")
        return self

    @property
    def tier(self) -> CompanyTier:
        """Where the rule stands in the precedence: what people taught by correcting, behind what they wrote."""
        if self.origin != "written":
            return "taught"
        if self.products or self.words or self.unspsc:
            return "company_product"
        return "company_seller" if self.sellers else "company_field" if self.fields else "company_amount"

    def match(self, item: Item) -> str | None:
        """What of the item the rule matches, in French; None when it does not."""
        found = list[str]()
        for reason in self._reasons(item):
            if reason is None:
                return None
            found.append(reason)
        return " et ".join(found)

    def _reasons(self, item: Item) -> Iterator[str | None]:
        """For each condition the rule names what meets it, or None."""
        if self.products:
            yield self._product(item)
        if self.words:
            yield self._word(item)
        if self.unspsc:
            yield f"code UNSPSC {item.unspsc}" if (item.unspsc or "").startswith(self.unspsc) else None
        if self.sellers:
            yield next((f"vendeur {seller}" for seller in item.sellers if fold(seller) in self._folded_sellers), None)
        for name, value in self.fields.items():
            yield f"{name} = {value}" if fold(value) == fold(item.field(name) or "") else None
        if self.above_cents is not None:
            yield "prix unitaire au-dessus du seuil" if item.unit_cents > self.above_cents else None
        if self.up_to_cents is not None:
            yield "prix unitaire dans la limite" if item.unit_cents <= self.up_to_cents else None

    def _product(self, item: Item) -> str | None:
        if item.asin and fold(item.asin) in self._folded_products:
            return f"produit {item.asin}"
        return "libellé du produit" if fold(item.label.strip()) in self._folded_products else None

    def _word(self, item: Item) -> str | None:
        tokens = decisive(tokens_of(item.label))
        found = self._vocabulary.head(tokens)
        return f"« {text_of(tokens, found)} » dans le libellé" if found else None

    @cached_property
    def _folded_products(self) -> frozenset[str]:
        return frozenset(fold(product.strip()) for product in self.products)

    @cached_property
    def _folded_sellers(self) -> frozenset[str]:
        return frozenset(map(fold, self.sellers))

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(Words(0, language, self.words) for language in ANY_LANGUAGE)


class Merger(Contract):
    """Two suppliers that are one: what comes under `auxiliary` goes to `into`."""

    auxiliary: Auxiliary
    into: Auxiliary
    legal_name: Text | None
    vat_id: VatId | None
    siren: Siren | None

    @property
    def id(self) -> str:
        """One merger of a supplier holds at a time."""
        return f"supplier:{self.auxiliary}"


class CompanyRules(Contract):
    """The rules of one company in one edition, which rises with every change. Edition 0: it has none and never had."""

    edition: int = 0
    rules: tuple[CompanyRule, ...] = ()
    mergers: tuple[Merger, ...] = ()

    def merged(self, supplier: Supplier) -> Supplier:
        """The supplier that people made of this one; of mergers in a circle each is followed once."""
        for _ in self.mergers:
            merger = self._mergers.get(supplier.auxiliary)
            if merger is None:
                break
            named = {"legal_name": merger.legal_name, "vat_id": merger.vat_id, "siren": merger.siren}
            supplier = supplier.model_copy(update={"auxiliary": merger.into, **{name: value for name, value in named.items() if value}})
        return supplier

    @cached_property
    def _mergers(self) -> dict[str, Merger]:
        return {merger.auxiliary: merger for merger in self.mergers}

    @cached_property
    def in_order(self) -> Sequence[CompanyRule]:
        """By precedence; within one tier the later rule first, since it is what people said last."""
        return sorted(self.rules, key=lambda rule: (TIERS.index(rule.tier), -rule.edition, rule.id))
