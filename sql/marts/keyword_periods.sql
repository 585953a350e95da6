-- Papers with each keyword by scope and period, for keywords of at least three papers.
-- table: work.keyword_periods
-- grain: keyword, scope, unit, period
WITH supported AS (
    SELECT keyword FROM core.keywords WHERE papers >= 3
),

counted AS (
    SELECT
        keywords.keyword,
        scopes.scope,
        units.unit,
        date_trunc(units.unit, scopes.published_on)::DATE AS period,
        count(*) AS papers
    FROM core.paper_keywords AS keywords
    INNER JOIN supported USING (keyword)
    INNER JOIN mart.paper_scopes AS scopes USING (paper_id)
    CROSS JOIN (SELECT unnest(['week', 'month', 'year']) AS unit) AS units
    WHERE scopes.published_on IS NOT NULL
    GROUP BY ALL
)

SELECT
    counted.keyword,
    counted.scope,
    counted.unit,
    counted.period,
    counted.papers,
    periods.papers_total,
    periods.is_partial
FROM counted
INNER JOIN mart.scope_periods AS periods USING (scope, unit, period)
