-- The variant of each keyword that is shown: the one that most papers use.
-- table: work.keyword_names
-- grain: phrase_key
WITH counted AS (
    SELECT phrase_key, phrase, count(*) AS papers
    FROM work.phrases
    GROUP BY phrase_key, phrase
)

SELECT phrase_key, phrase AS keyword
FROM counted
QUALIFY row_number() OVER (PARTITION BY phrase_key ORDER BY papers DESC, phrase) = 1
