-- Words of repositories' addresses, for the search.
-- grain: word, repository_number
-- word: letters and digits between anything else, lower case, without accents
-- repository_number: a repository that has it, see `repositories`
WITH words AS (
    SELECT
        repository_number,
        unnest(list_distinct(regexp_extract_all(
            lower(strip_accents(regexp_replace(repository_url, '^https?://', ''))), '[\p{L}\p{N}]+'
        ))) AS word
    FROM page.repositories
)

SELECT word, repository_number
FROM words
ORDER BY word, repository_number
