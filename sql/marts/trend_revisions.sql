-- Figures that were published for a complete month and differ now.
-- grain: mart, key, period, revised_on
-- mart: the table
-- key: its keyword
-- period: first day of the month
-- revised_on: last day observed when the figure changed
-- old: papers as published before
-- new: papers now
-- cause: `papers` where the month's papers changed in number, else `keywords`
WITH latest AS (
    SELECT max(observed_on) AS revised_on FROM core.paper_observations
),

changed AS (
    SELECT
        'keyword_monthly' AS mart,
        old.keyword AS key,
        old.period,
        latest.revised_on,
        old.papers AS old,
        coalesce(new.papers, 0) AS new,
        CASE WHEN periods.papers_total IS DISTINCT FROM old.papers_total THEN 'papers' ELSE 'keywords' END AS cause
    FROM published.keyword_monthly AS old
    CROSS JOIN latest
    LEFT JOIN mart.keyword_monthly AS new ON old.keyword = new.keyword AND old.period = new.period AND new.scope = 'all'
    LEFT JOIN mart.scope_periods AS periods ON periods.scope = 'all' AND periods.unit = 'month' AND periods.period = old.period
    WHERE latest.revised_on IS NOT NULL AND NOT old.is_partial AND coalesce(new.papers, 0) <> old.papers
),

known AS (
    SELECT mart, key, period, revised_on, old, new, cause, 1 AS step FROM published.trend_revisions
    UNION ALL
    SELECT mart, key, period, revised_on, old, new, cause, 2 AS step FROM changed
)

SELECT mart, key, period, revised_on, arg_min(old, step) AS old, arg_max(new, step) AS new, arg_max(cause, step) AS cause
FROM known
GROUP BY mart, key, period, revised_on
HAVING arg_min(old, step) <> arg_max(new, step)
