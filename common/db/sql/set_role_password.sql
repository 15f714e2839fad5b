-- The command that sets the password, given as the verifier SCRAM stores.
SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text);
