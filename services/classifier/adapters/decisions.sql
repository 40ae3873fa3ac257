-- name: keep_decision(event_id, ce_type, company_id, family, facts, decided_at)!
-- A decision, for ever.
insert into decision (event_id, ce_type, company_id, family, facts, decided_at)
values (:event_id, :ce_type, :company_id, :family, :facts, :decided_at);

-- name: alike(company_id, family)
-- The corrections of one family since its rule last began or ended, in order.
select d.facts::text
from decision as d
where
    d.company_id = :company_id
    and d.family = :family
    and d.seq > coalesce(
        (select max(r.after_decision) from company_rule as r where r.company_id = :company_id and r.rule_id = :family), 0
    )
order by d.seq;

-- name: next_edition(company_id)$
-- The company's rules change: the edition that the change begins, ours until the transaction ends.
insert into company_edition (company_id, edition) values (:company_id, 1)
on conflict (company_id) do update set edition = company_edition.edition + 1
returning edition;

-- name: end_rule(company_id, rule_id, edition, ended_by)!
-- The rule of this id holds no more; nothing when none does. What was corrected before counts no more either.
update company_rule
set
    until_edition = :edition,
    ended_by = :ended_by,
    after_decision = (select coalesce(max(d.seq), 0) from decision as d where d.company_id = :company_id)
where company_id = :company_id and rule_id = :rule_id and until_edition is null;

-- name: begin_rule(company_id, rule_id, kind, edition, body, begun_by)!
-- A rule holds from this edition on.
insert into company_rule (company_id, rule_id, kind, since_edition, body, after_decision, begun_by)
select :company_id, :rule_id, :kind, :edition, :body, coalesce(max(d.seq), 0), :begun_by
from decision as d
where d.company_id = :company_id;

-- name: rules(company_id, edition)
-- The rules that held in this edition, null = the current one; one row without a rule when there is none.
select coalesce(:edition::integer, e.edition), r.kind, r.body::text
from company_edition as e
left join company_rule as r
    on
        e.company_id = r.company_id
        and r.since_edition <= coalesce(:edition::integer, e.edition)
        and (r.until_edition is null or r.until_edition > coalesce(:edition::integer, e.edition))
where e.company_id = :company_id
order by r.since_edition, r.rule_id;

-- name: editions(company_ids)
-- The current editions of these companies; none of a company that never had a rule.
select company_id, edition from company_edition where company_id = any(:company_ids);

-- name: history(company_id)
-- Every rule the company ever had, with who began and who ended it.
select rule_id, kind, since_edition, until_edition, begun_by, ended_by from company_rule
where company_id = :company_id
order by since_edition, rule_id;
