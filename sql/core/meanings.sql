-- What a short form means where a paper does not say: the long form of at least three papers and of four fifths of those that define it.
-- table: temp.meanings
-- grain: short_form
WITH counted AS (
    SELECT short_form, phrase_key, count(*) AS papers
    FROM work.definitions
    GROUP BY short_form, phrase_key
),

clear AS (
    SELECT short_form, phrase_key
    FROM counted
    QUALIFY papers >= 3 AND papers >= 0.8 * sum(papers) OVER (PARTITION BY short_form)
)

SELECT clear.short_form, keys.number AS long_number
FROM clear
INNER JOIN work.key_numbers AS keys ON clear.phrase_key = keys.name
