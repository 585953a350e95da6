-- Papers of each scope by week, month and year, and whether the period was over when we looked last.
-- grain: scope, unit, period
-- scope: `all`, `source:…` or `category:…`
-- unit: `week`, `month` or `year`
-- period: first day
-- papers_total: papers first published in the period, the denominator of every share
-- is_partial: whether the period went on after the last day on which we saw a dated paper of the scope; for a source, in that source
WITH units AS (
    SELECT unnest(['week', 'month', 'year']) AS unit
),

seen AS (
    SELECT scopes.scope, max(papers.last_observed_on) AS observed_on
    FROM mart.paper_scopes AS scopes
    INNER JOIN core.papers AS papers USING (paper_id)
    WHERE scopes.published_on IS NOT NULL AND NOT starts_with(scopes.scope, 'source:')
    GROUP BY scopes.scope
    UNION ALL
    SELECT 'source:' || observations.source AS scope, max(observations.observed_on) AS observed_on
    FROM core.paper_observations AS observations
    INNER JOIN mart.paper_scopes AS scopes ON observations.paper_id = scopes.paper_id AND scopes.scope = 'all'
    WHERE scopes.published_on IS NOT NULL
    GROUP BY observations.source
),

counted AS (
    SELECT scopes.scope, units.unit, date_trunc(units.unit, scopes.published_on)::DATE AS period, count(*) AS papers_total
    FROM mart.paper_scopes AS scopes
    CROSS JOIN units
    WHERE scopes.published_on IS NOT NULL
    GROUP BY ALL
)

SELECT
    counted.scope,
    counted.unit,
    counted.period,
    counted.papers_total,
    seen.observed_on < (counted.period + to_interval(counted.unit))::DATE - 1 AS is_partial
FROM counted
INNER JOIN seen USING (scope)
