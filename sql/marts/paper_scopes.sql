-- The scopes that each paper counts in: all, its sources and its first category.
-- grain: paper_id, scope
-- published: no
-- paper_id: the paper
-- scope: `all`, `source:…` or `category:…`
-- published_on: day of the first version; null, and then in no period, without one from 1900 on, or where it lies over a day (time zones) after the last observation
WITH dated AS (
    SELECT
        paper_id,
        primary_category,
        CASE WHEN published_on BETWEEN DATE '1900-01-01' AND last_observed_on + 1 THEN published_on END AS published_on
    FROM core.papers
)

SELECT paper_id, 'all' AS scope, published_on FROM dated
UNION ALL
SELECT DISTINCT observations.paper_id, 'source:' || observations.source AS scope, dated.published_on
FROM core.paper_observations AS observations
INNER JOIN dated USING (paper_id)
UNION ALL
SELECT paper_id, 'category:' || primary_category AS scope, published_on
FROM dated
WHERE primary_category IS NOT NULL
