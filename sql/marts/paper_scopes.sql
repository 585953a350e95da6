-- The scopes that each paper counts in: all, its sources and its first category.
-- grain: paper_id, scope
-- published: no
-- paper_id: the paper
-- scope: `all`, `source:…` or `category:…`
-- published_on: day of the first version, see `core.papers`; without one a paper is in no period
SELECT paper_id, 'all' AS scope, published_on FROM core.papers
UNION ALL
SELECT DISTINCT observations.paper_id, 'source:' || observations.source AS scope, papers.published_on
FROM core.paper_observations AS observations
INNER JOIN core.papers AS papers USING (paper_id)
UNION ALL
SELECT paper_id, 'category:' || primary_category AS scope, published_on
FROM core.papers
WHERE primary_category IS NOT NULL
