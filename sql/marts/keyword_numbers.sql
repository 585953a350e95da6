-- A number for each keyword of at least three papers, in alphabetical order: long texts are slow to count and to sort.
-- table: work.keyword_numbers
-- grain: keyword
SELECT keyword, row_number() OVER (ORDER BY keyword)::INTEGER AS keyword_number
FROM core.keywords
WHERE papers >= 3
