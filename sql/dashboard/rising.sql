-- The keywords of each scope that rise and fall most surely, with the shares of their last three years.
-- grain: scope_number, direction, place
-- scope_number: the scope, see `scopes`
-- direction: rising or falling
-- place: 1 is the surest
-- keyword: see `core.keywords`
-- papers: dated papers of the scope with the keyword
-- trend_status: difference, growth or ok
-- growth: log-odds of the last quarter of months against those before, shrunk
-- growth_low: growth less 1.96 standard errors; the standard error is growth / emergence
-- growth_high: growth and 1.96 standard errors
-- q_value: Mann-Kendall test after Benjamini-Hochberg
-- burst_start: first month of the heaviest burst
-- share: share of the last complete month
-- share_low: lower bound of its 95 % interval
-- share_high: upper bound of its 95 % interval
-- shares: shares of the scope's last 36 complete months of five papers and more, the last one last
WITH ranked AS (
    SELECT
        trends.*,
        scopes.scope_number,
        CASE WHEN trends.growth > 0 THEN 'rising' ELSE 'falling' END AS direction,
        row_number() OVER (
            PARTITION BY trends.scope, trends.growth > 0
            ORDER BY abs(trends.emergence) DESC, trends.papers DESC, trends.keyword
        ) AS place
    FROM mart.keyword_trends AS trends
    INNER JOIN page.scopes AS scopes USING (scope)
    WHERE trends.emergence <> 0 AND trends.papers >= 5
    QUALIFY place <= 25
),

months AS (
    SELECT scope, period
    FROM mart.scope_periods
    WHERE unit = 'month' AND NOT is_partial AND papers_total >= 5
    QUALIFY row_number() OVER (PARTITION BY scope ORDER BY period DESC) <= 36
),

shares AS (
    SELECT
        ranked.keyword,
        ranked.scope,
        list(coalesce(series.share, 0) ORDER BY months.period) AS shares,
        arg_max(coalesce(series.share, 0), months.period) AS share,
        arg_max(coalesce(series.share_low, 0), months.period) AS share_low,
        arg_max(series.share_high, months.period) AS share_high
    FROM ranked
    INNER JOIN months USING (scope)
    LEFT JOIN mart.keyword_monthly AS series USING (keyword, scope, period)
    GROUP BY ranked.keyword, ranked.scope
)

SELECT
    ranked.scope_number,
    ranked.direction,
    ranked.place,
    ranked.keyword,
    ranked.papers,
    ranked.trend_status,
    ranked.growth,
    ranked.growth - 1.96 * abs(ranked.growth / ranked.emergence) AS growth_low,
    ranked.growth + 1.96 * abs(ranked.growth / ranked.emergence) AS growth_high,
    ranked.q_value,
    ranked.burst_start,
    shares.share,
    shares.share_low,
    shares.share_high,
    shares.shares
FROM ranked
LEFT JOIN shares USING (keyword, scope)
ORDER BY ranked.scope_number, ranked.direction, ranked.place
