-- name: tokens_elsewhere(key_id)
-- Sealed tokens that need another key than this one.
select connection_id, company_id, sealed_refresh_token
from connection
where sealed_refresh_token is not null and split_part(sealed_refresh_token, ':', 1) <> :key_id
order by connection_id;

-- name: addresses_elsewhere(key_id)
-- Sealed addresses that need another key than this one, and whether somebody is still written to there.
select
    c.company_id,
    c.sealed_address,
    not exists (select from connection as n where n.company_id = c.company_id)
    or exists (select from connection as n where n.company_id = c.company_id and n.state <> 'closed') as in_use
from company as c
where split_part(c.sealed_address, ':', 1) <> :key_id
order by c.company_id;

-- name: reseal_address(sealed, company_id, before)!
-- The address under another key; none when it was entered anew meanwhile.
update company set sealed_address = :sealed where company_id = :company_id and sealed_address = :before;
