"""What people decide, in memory and in PostgreSQL: kept once and for ever, and how a correction becomes a rule of the company."""

from collections.abc import Sequence

from services.classifier.domain.nature.company_rules import CompanyRule
from services.classifier.handler import NatureUnknown, Past
from tests.adapters.schemas import given_up
from tests.adapters.teachings import BY, COMPANY, School, lifted, merged, recoded, said


def taught(school: School) -> Sequence[tuple[str, str, str]]:
    """Id, nature and origin of the company's rules."""
    return [(rule.id, rule.nature, rule.origin) for rule in school.rules.in_order]


def test_a_company_nobody_taught_has_the_shipped_rulebook(school: School) -> None:
    """Goal: no row, no edition, the very object everybody shares."""
    assert (0, (), ()) == (school.rules.edition, school.rules.rules, school.rules.mergers)
    assert school.rulebooks.of(COMPANY) is school.rulebooks.shipped


def test_the_same_correction_three_times_is_a_rule(school: School) -> None:
    """Goal: two are no rule, the third is one, with its owner, origin and edition; the version says it."""
    school.says(recoded("d1"), recoded("d2"))
    assert () == school.rules.rules
    school.says(recoded("d3"))
    rule = CompanyRule(id="words:classeur a levier", nature="resale", words=("classeur a levier",), owner=BY, origin="taught", edition=1)
    assert (rule,) == school.rules.rules
    assert "2026_11_4_c1" == school.rulebooks.of(COMPANY).version


def test_always_is_a_rule_at_once(school: School) -> None:
    """Case: one correction, for this product, on an account of the company's own."""
    school.says(recoded("d1", asin="B00ABC1234", account="607100", always=True, scope="product"))
    (rule,) = school.rules.rules
    assert ("product:b00abc1234", ("B00ABC1234",), "607100", "always") == (rule.id, rule.products, rule.account, rule.origin)


def test_another_answer_in_between_begins_the_count_anew(school: School) -> None:
    """Goal: three in a row, and a line that is corrected again counts as what it was made last."""
    school.says(recoded("d1"), recoded("d2"), recoded("d3", "furniture"), recoded("d4"), recoded("d5"))
    assert [] == taught(school)
    school.says(recoded("d6"))
    assert [("words:classeur a levier", "resale", "taught")] == taught(school)


def test_one_line_corrected_three_times_is_one_correction(school: School) -> None:
    """Case: a person who cannot decide."""
    school.says(*(recoded(f"d{number}", invoice_id="inv-1") for number in range(3)))
    assert [] == taught(school)


def test_a_rule_is_replaced_by_three_contrary_corrections(school: School) -> None:
    """Goal: what was taught can be taught otherwise, and both editions can be had."""
    school.says(*(recoded(f"d{number}") for number in range(3)), *(recoded(f"e{number}", "furniture") for number in range(3)))
    assert [("words:classeur a levier", "furniture", "taught")] == taught(school)
    assert ["resale"] == [rule.nature for rule in school.decisions.rules(COMPANY, 1).rules]
    assert [Past("words:classeur a levier", "line", 1, 2, BY, BY), Past("words:classeur a levier", "line", 2, None, BY, None)] == list(
        school.decisions.history(COMPANY)
    )


def test_what_was_withdrawn_needs_three_new_corrections(school: School) -> None:
    """Goal: a withdrawal holds; the corrections before it are spent."""
    school.says(*(recoded(f"d{number}") for number in range(3)))
    with school.decisions.transaction() as transaction:
        edition = school.decisions.next_edition(COMPANY, transaction)
        assert school.decisions.end(COMPANY, "words:classeur a levier", edition, "M. Petit", transaction)
        assert not school.decisions.end(COMPANY, "words:classeur a levier", edition, "M. Petit", transaction)
    assert (2, ()) == (school.rules.edition, school.rules.rules)
    school.says(recoded("e1"), recoded("e2"))
    assert [] == taught(school)
    school.says(recoded("e3"))
    assert [("words:classeur a levier", "resale", "taught")] == taught(school)


def test_a_decision_counts_once(school: School) -> None:
    """Case: the topic says it three times."""
    school.says(recoded("d1"), recoded("d1"), recoded("d1"))
    assert [] == taught(school)


def test_a_decision_that_cannot_be_kept_is_refused_and_leaves_nothing(school: School) -> None:
    """Case: a nature the rulebook does not have; then the same id with one it has."""
    (refused,) = school.says(recoded("d1", "spaceships", always=True))
    assert isinstance(refused.refusal, NatureUnknown)
    school.says(recoded("d1", always=True))
    assert 1 == len(school.rules.rules)


def test_two_suppliers_become_one(school: School) -> None:
    """Goal: a merger is a change of the company's rules; another one of the same supplier takes its place."""
    school.says(merged("d1", "PAPETERIE", "FR1"), merged("d2", "PAPETERIE", "FR2"))
    assert [("PAPETERIE", "FR2")] == [(one.auxiliary, one.into) for one in school.rules.mergers]
    assert 2 == school.rules.edition


def test_a_lifted_hold_is_kept_and_changes_no_rule(school: School) -> None:
    """Goal: the document comes back by itself."""
    (delivery,) = school.says(lifted("d1"))
    assert (None, 0) == (delivery.refusal, school.rules.edition)


def test_the_other_process_learns_of_it(school: School) -> None:
    """Goal: a rule that another process learned is used after the next look, and only that company is asked for again."""
    before = school.elsewhere.of(COMPANY), school.elsewhere.of("other")
    school.says(recoded("d1", always=True))
    assert before[0] is school.elsewhere.known(COMPANY)
    school.elsewhere.refresh()
    assert (None, before[1]) == (school.elsewhere.known(COMPANY), school.elsewhere.known("other"))
    assert "2026_11_4_c1" == school.elsewhere.of(COMPANY).version


def test_the_process_that_learned_uses_the_rule_with_the_next_document(school: School) -> None:
    """Goal: no look is needed where the decision came."""
    assert "2026_11_4" == school.rulebooks.of(COMPANY).version
    school.says(recoded("d1", always=True))
    assert "2026_11_4_c1" == school.rulebooks.of(COMPANY).version


def test_a_transaction_given_up_changes_nothing(school: School) -> None:
    """Goal: rule, edition and decision stand or fall together."""
    with given_up(school.schema.store) as transaction:
        edition = school.decisions.next_edition(COMPANY, transaction)
        school.decisions.keep(said(recoded("d1")), "words:x", recoded("d1").decided_at, transaction)
        rule = CompanyRule(id="a", nature="books", words=("x",), owner=BY, origin="written", edition=edition)
        school.decisions.begin(COMPANY, rule, edition, BY, transaction)
    assert (0, (), []) == (school.rules.edition, school.rules.rules, list(school.decisions.history(COMPANY)))


def test_editions_are_those_of_the_companies_asked_for(school: School) -> None:
    """Case: one with rules, one without, one not asked for."""
    school.says(recoded("d1", always=True), recoded("x1", always=True, company_id="martin"))
    assert {COMPANY: 1} == dict(school.decisions.editions([COMPANY, "nobody"]))
    assert {} == dict(school.decisions.editions([]))
