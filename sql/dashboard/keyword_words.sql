-- Words of keywords and of their other spellings, for the search.
-- grain: word, keyword_number
-- word: letters and digits between anything else, lower case, without accents
-- keyword_number: a keyword that has it, see `keywords`
WITH spelt AS (
    SELECT keyword, array_to_string(variants, ' ') AS variants, acronym
    FROM core.keywords
    WHERE len(variants) > 1 OR acronym IS NOT NULL
),

words AS (
    SELECT
        numbers.keyword_number,
        unnest(list_distinct(regexp_extract_all(
            lower(strip_accents(concat_ws(' ', keyword, spelt.variants, spelt.acronym))),
            '[\p{L}\p{N}]+'
        ))) AS word
    FROM page.keywords AS numbers
    LEFT JOIN spelt USING (keyword)
)

SELECT word, keyword_number
FROM words
ORDER BY word, keyword_number
