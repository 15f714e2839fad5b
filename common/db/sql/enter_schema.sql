-- For the rest of the transaction, names without a schema mean this one.
SELECT set_config('search_path', quote_ident($1::text), true);
