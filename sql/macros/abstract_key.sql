-- What the start of an abstract shares with other spellings of it; null for one that is too short to tell.
CREATE OR REPLACE TEMP MACRO abstract_key(abstract) AS
    CASE WHEN length(abstract) >= 100 AND regexp_matches(left(abstract, 80), '[A-Za-z]{3}')
    THEN hash(left(regexp_replace(lower(left(abstract, 300)), '[^a-z0-9]+', '', 'g'), 120))
    END
