-- The variant of each changed keyword that is shown: the preferred one, else the one that most papers use.
-- table: work.keyword_names
-- grain: keyword_number
-- rows: keyword_number in work.changed_keys
-- A short form is not shown for its long form, which papers that define it have spelled at least: it may be short for
-- others too.
WITH keys AS (
    SELECT numbers.number AS keyword_number, numbers.name AS keyword_key, bool_or(variants.is_own) AS has_own
    FROM temp.keyword_variants AS variants
    INNER JOIN work.key_numbers AS numbers ON variants.keyword_number = numbers.number
    GROUP BY numbers.number, numbers.name
),

named AS (
    SELECT keys.keyword_number, preferred.keyword, 1 AS place, 0 AS papers
    FROM keys
    INNER JOIN work.preferred AS preferred USING (keyword_key)
    UNION ALL
    SELECT variants.keyword_number, spelled.name AS keyword, 2 AS place, variants.papers
    FROM temp.keyword_variants AS variants
    INNER JOIN work.phrase_numbers AS spelled ON variants.phrase_number = spelled.number
    WHERE variants.is_own
    UNION ALL
    SELECT keys.keyword_number, definitions.phrase AS keyword, 3 AS place, count(*) AS papers
    FROM keys
    INNER JOIN work.definitions AS definitions ON keys.keyword_key = definitions.phrase_key
    WHERE NOT keys.has_own
    GROUP BY keys.keyword_number, definitions.phrase
    UNION ALL
    SELECT keys.keyword_number, synonyms.keyword, 4 AS place, 0 AS papers
    FROM keys
    INNER JOIN work.synonyms AS synonyms USING (keyword_key)
)

SELECT keyword_number, arg_min(keyword, (place, -papers, keyword)) AS keyword
FROM named
GROUP BY keyword_number
