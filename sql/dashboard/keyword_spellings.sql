-- Other spellings and short forms, and the keywords that they stand for.
-- grain: spelling, keyword
-- spelling: a variant, or a short form in lower case
-- keyword: see `core.keywords`
WITH spelt AS (
    SELECT unnest(variants) AS spelling, keyword FROM core.keywords WHERE len(variants) > 1
    UNION
    SELECT lower(acronym) AS spelling, keyword FROM core.keywords WHERE acronym IS NOT NULL
)

SELECT spelling, keyword
FROM spelt
WHERE spelling <> keyword
ORDER BY spelling, keyword
