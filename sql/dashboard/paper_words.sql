-- Words of titles and identifiers, for the search; without those that nearly every title has, as in `page/search.js`.
-- grain: word, paper_number
-- word: letters and digits between anything else, lower case, without accents
-- paper_number: a paper that has it, see `papers`
WITH words AS (
    SELECT
        numbers.paper_number,
        unnest(list_distinct(regexp_extract_all(
            lower(strip_accents(concat_ws(' ', papers.title, papers.arxiv_id, substr(papers.doi, strpos(papers.doi, '/') + 1)))),
            '[\p{L}\p{N}]+'
        ))) AS word
    FROM core.papers AS papers
    INNER JOIN aside.paper_numbers AS numbers USING (paper_id)
)

SELECT word, paper_number
FROM words
WHERE word NOT IN ('a', 'an', 'and', 'by', 'for', 'from', 'in', 'of', 'on', 'the', 'to', 'with')
ORDER BY word, paper_number
