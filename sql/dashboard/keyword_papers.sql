-- Papers of each keyword.
-- grain: keyword, paper_number
-- keyword: see `core.keywords`
-- paper_number: a paper that it describes, see `papers`
SELECT links.keyword, numbers.paper_number
FROM core.paper_keywords AS links
INNER JOIN aside.paper_numbers AS numbers USING (paper_id)
ORDER BY links.keyword, numbers.paper_number
