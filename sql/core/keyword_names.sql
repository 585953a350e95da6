-- The variant of each changed keyword that is shown: the preferred one, else the one that most papers use.
-- table: work.keyword_names
-- grain: keyword_key
-- rows: keyword_key in work.changed_keys
-- A short form is not shown for its long form, for which papers that define it have a name at least: it may be short
-- for others too.
WITH used AS (
    SELECT keyword_key, phrase, phrase_key, count(*) AS papers
    FROM work.uses
    WHERE keyword_key IN (SELECT keyword_key FROM work.changed_keys)
    GROUP BY keyword_key, phrase, phrase_key
),

keys AS (
    SELECT DISTINCT keyword_key FROM used
),

named AS (
    SELECT keyword_key, keyword, 1 AS place, 0 AS papers
    FROM work.preferred
    WHERE keyword_key IN (SELECT keyword_key FROM keys)
    UNION ALL
    SELECT keyword_key, phrase AS keyword, 2 AS place, papers
    FROM used
    WHERE keyword_key = phrase_key
    UNION ALL
    SELECT phrase_key AS keyword_key, phrase AS keyword, 3 AS place, count(*) AS papers
    FROM work.definitions
    WHERE phrase_key IN (SELECT keyword_key FROM keys)
    GROUP BY phrase_key, phrase
    UNION ALL
    SELECT keyword_key, keyword, 4 AS place, 0 AS papers
    FROM work.synonyms
    WHERE keyword_key IN (SELECT keyword_key FROM keys)
)

SELECT keyword_key, keyword
FROM named
QUALIFY row_number() OVER (PARTITION BY keyword_key ORDER BY place, papers DESC, keyword) = 1
