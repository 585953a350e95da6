-- Keywords over all papers, variants joined.
-- grain: keyword
-- rows: keyword_key in work.changed_keys
WITH seen AS (
    SELECT variants.keyword_number, list(spelled.name ORDER BY spelled.name) AS variants
    FROM temp.keyword_variants AS variants
    INNER JOIN work.phrase_numbers AS spelled ON variants.phrase_number = spelled.number
    GROUP BY variants.keyword_number
),

counted AS (
    SELECT keyword_number, count(DISTINCT paper_number) AS papers
    FROM work.keyed
    WHERE keyword_number IN (SELECT keyword_number FROM work.changed_keys)
    GROUP BY keyword_number
),

defined AS (
    SELECT coalesce(synonyms.keyword_key, definitions.phrase_key) AS keyword_key, definitions.short_form, count(*) AS papers
    FROM work.definitions AS definitions
    LEFT JOIN work.synonyms AS synonyms ON definitions.phrase_key = synonyms.term_key
    GROUP BY ALL
),

acronyms AS (
    SELECT keyword_key, arg_min(short_form, (-papers, short_form)) AS acronym
    FROM defined
    GROUP BY keyword_key
)

SELECT
    names.keyword,
    keys.name AS keyword_key,
    seen.variants,
    acronyms.acronym,
    counted.papers
FROM counted
INNER JOIN seen USING (keyword_number)
INNER JOIN work.keyword_names AS names USING (keyword_number)
INNER JOIN work.key_numbers AS keys ON counted.keyword_number = keys.number
LEFT JOIN acronyms ON keys.name = acronyms.keyword_key
