-- What the snapshot holds, in figures.
-- grain: place
-- place: order in which they are shown
-- figure: name of the figure
-- number: its value; null where there is none
-- day: its value, where it is a day
WITH found (place, figure, number, day) AS (
    SELECT 0, 'as_of', NULL::BIGINT, max(observed_on) FROM core.paper_observations
    UNION ALL
    SELECT 1, 'papers', count(*), NULL FROM core.papers
    UNION ALL
    SELECT 2, 'papers_without_date', count(*), NULL FROM core.papers WHERE published_on IS NULL
    UNION ALL
    SELECT 3, 'keywords', count(*), NULL FROM core.keywords
    UNION ALL
    SELECT 4, 'papers_with_code', count(*), NULL FROM core.code_statements WHERE statement = 'linked'
    UNION ALL
    SELECT 5, 'repositories', count(*), NULL FROM core.repositories
    UNION ALL
    SELECT 6, 'promises', count(*), NULL FROM mart.code_promises
    UNION ALL
    SELECT 7, 'promises_kept', count(*), NULL FROM mart.code_promises WHERE kept_on IS NOT NULL
    UNION ALL
    SELECT 8, 'dumps', count(*), NULL FROM core.dumps WHERE status = 'loaded'
    UNION ALL
    SELECT 9, 'rejected', count(*), NULL FROM ops.rejected
    UNION ALL
    SELECT 10, 'conflicts', count(*), NULL FROM ops.conflicts
    UNION ALL
    SELECT 11, 'revisions', count(*), NULL FROM mart.trend_revisions
)

SELECT place, figure, number, day
FROM found
ORDER BY place
