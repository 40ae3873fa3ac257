-- Before its first statistics PostgreSQL takes an index that begins with the connection for any question about a connection, and goes through
-- all of it: an import became slower with every order. These begin with what tells rows apart, so that only the right one looks fit.
-- depends: 0007_by_number

drop index line_number_number;
create index line_number_number on line_number (number, connection_id, kind);
drop index document_number;
create index document_number on document (number, connection_id);
drop index document_of_order;
create index document_of_order on document_order (order_id, connection_id);

-- What was just inserted is found in the index itself, not in a list of it that every search reads whole.
drop index amazon_transaction_content;
create index amazon_transaction_content on amazon_transaction using gin (raw jsonb_path_ops) with (fastupdate = off);
