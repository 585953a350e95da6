-- Keywords over all papers, variants joined.
-- grain: keyword
WITH acronyms AS (
    SELECT phrase_key, acronym
    FROM work.phrases
    WHERE acronym IS NOT NULL
    GROUP BY phrase_key, acronym
    QUALIFY row_number() OVER (PARTITION BY phrase_key ORDER BY count(*) DESC, acronym) = 1
)

SELECT
    names.keyword,
    list(DISTINCT phrases.phrase ORDER BY phrases.phrase) AS variants,
    any_value(acronyms.acronym) AS acronym,
    count(*) AS papers
FROM work.phrases AS phrases
INNER JOIN work.keyword_names AS names USING (phrase_key)
LEFT JOIN acronyms USING (phrase_key)
GROUP BY names.keyword
