-- Words of keywords and of their other spellings, for the search.
-- grain: word, keyword_number
-- word: letters and digits between anything else, lower case, without accents
-- keyword_number: a keyword that has it, see `keywords`
WITH words AS (
    SELECT
        numbers.keyword_number,
        unnest(list_distinct(regexp_extract_all(
            lower(strip_accents(concat_ws(' ', keyword, array_to_string(keywords.variants, ' '), keywords.acronym))),
            '[\p{L}\p{N}]+'
        ))) AS word
    FROM page.keywords AS numbers
    INNER JOIN core.keywords AS keywords USING (keyword)
)

SELECT word, keyword_number
FROM words
ORDER BY word, keyword_number
