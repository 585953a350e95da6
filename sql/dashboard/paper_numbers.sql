-- Numbers of papers: newest first, undated ones last.
-- grain: paper_id
-- table: aside.paper_numbers
-- paper_id: the paper
-- paper_number: place of the paper, see `papers`
-- published_on: day of the first version; null where it counts in no period, as in `mart.paper_scopes`
WITH dated AS (
    SELECT
        paper_id,
        CASE WHEN published_on BETWEEN DATE '1900-01-01' AND last_observed_on + 1 THEN published_on END AS published_on
    FROM core.papers
)

SELECT
    paper_id,
    row_number() OVER (ORDER BY published_on DESC NULLS LAST, paper_id) - 1 AS paper_number,
    published_on
FROM dated
ORDER BY paper_id
