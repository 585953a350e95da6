-- What a short form means where a paper does not say: the long form of at least three papers and of four fifths of those that define it.
-- table: work.meanings
-- grain: short_form
WITH counted AS (
    SELECT short_form, phrase_key, count(*) AS papers
    FROM work.definitions
    GROUP BY short_form, phrase_key
)

SELECT short_form, phrase_key AS long_key
FROM counted
QUALIFY papers >= 3 AND papers >= 0.8 * sum(papers) OVER (PARTITION BY short_form)
