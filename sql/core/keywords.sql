-- Keywords over all papers, variants joined.
-- grain: keyword
-- rows: keyword_key in work.changed_keys
WITH names AS (
    SELECT keyword_key, keyword
    FROM work.keyword_names
    WHERE keyword_key IN (SELECT keyword_key FROM work.changed_keys)
),

seen AS (
    SELECT keyword_key, list(DISTINCT phrase ORDER BY phrase) AS variants
    FROM work.uses
    WHERE keyword_key IN (SELECT keyword_key FROM names)
    GROUP BY keyword_key
),

counted AS (
    SELECT keyword, count(*) AS papers
    FROM core.paper_keywords
    WHERE keyword IN (SELECT keyword FROM names)
    GROUP BY keyword
),

defined AS (
    SELECT coalesce(synonyms.keyword_key, definitions.phrase_key) AS keyword_key, definitions.short_form, count(*) AS papers
    FROM work.definitions AS definitions
    LEFT JOIN work.synonyms AS synonyms ON definitions.phrase_key = synonyms.term_key
    GROUP BY ALL
),

acronyms AS (
    SELECT keyword_key, short_form
    FROM defined
    QUALIFY row_number() OVER (PARTITION BY keyword_key ORDER BY papers DESC, short_form) = 1
)

SELECT
    names.keyword,
    names.keyword_key,
    seen.variants,
    acronyms.short_form AS acronym,
    counted.papers
FROM names
INNER JOIN seen USING (keyword_key)
INNER JOIN counted USING (keyword)
LEFT JOIN acronyms USING (keyword_key)
