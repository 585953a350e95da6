-- Document share of keywords over the last two years of complete months, without gaps, for the chart of a digest.
-- grain: keyword, scope, period
-- keyword: see `core.keywords`
-- scope: `all` or `category:…`
-- period: first day of the month
-- share: papers with the keyword / papers of the month
WITH months AS (
    SELECT scope, period, papers_total
    FROM mart.scope_periods
    WHERE unit = 'month' AND NOT is_partial AND (scope = 'all' OR scope LIKE 'category:%')
    QUALIFY row_number() OVER (PARTITION BY scope ORDER BY period DESC) <= 24
)

SELECT rising.keyword, rising.scope, months.period, coalesce(monthly.papers, 0) / months.papers_total AS share
FROM mart.keyword_trends AS rising
INNER JOIN months USING (scope)
LEFT JOIN mart.keyword_monthly AS monthly
    ON rising.keyword = monthly.keyword AND rising.scope = monthly.scope AND months.period = monthly.period
WHERE rising.trend_status = 'ok' AND rising.q_value <= 0.05 AND rising.growth > 0
