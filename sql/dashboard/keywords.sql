-- Keywords, the most used first.
-- grain: keyword_number
-- keyword_number: place of the keyword in this table, from 0
-- keyword: see `core.keywords`
-- papers: papers that it describes
SELECT
    row_number() OVER (ORDER BY papers DESC, keyword) - 1 AS keyword_number,
    keyword,
    papers
FROM core.keywords
ORDER BY keyword_number
