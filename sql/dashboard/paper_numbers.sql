-- Numbers of papers: newest first, undated ones last.
-- grain: paper_id
-- table: aside.paper_numbers
-- paper_id: the paper
-- paper_number: place of the paper, see `papers`
-- published_on: day of the first version
SELECT
    paper_id,
    row_number() OVER (ORDER BY published_on DESC NULLS LAST, paper_id) - 1 AS paper_number,
    published_on
FROM core.papers
ORDER BY paper_id
