-- Trend of each keyword by scope.
-- grain: keyword, scope_number
-- keyword: see `core.keywords`
-- scope_number: the scope, see `scopes`
-- papers: dated papers of the scope with the keyword
-- n_periods: complete months behind the figures
-- trend_status: insufficient_history, difference, growth or ok
-- growth: log-odds of the last quarter of months against those before, shrunk
-- growth_low: growth less 1.96 standard errors; the standard error is growth / emergence
-- growth_high: growth and 1.96 standard errors
-- slope: Sen's slope of the monthly share
-- q_value: Mann-Kendall test after Benjamini-Hochberg
-- burst_start: first month of the heaviest burst
-- burst_end: last month of that burst
-- emergence: growth divided by its standard error
-- first_seen: day of its first dated paper
SELECT
    trends.keyword,
    scopes.scope_number,
    trends.papers,
    trends.n_periods,
    trends.trend_status,
    trends.growth,
    trends.growth - 1.96 * abs(trends.growth / nullif(trends.emergence, 0)) AS growth_low,
    trends.growth + 1.96 * abs(trends.growth / nullif(trends.emergence, 0)) AS growth_high,
    trends.slope,
    trends.q_value,
    trends.burst_start,
    trends.burst_end,
    trends.emergence,
    trends.first_seen
FROM mart.keyword_trends AS trends
INNER JOIN page.scopes AS scopes USING (scope)
ORDER BY trends.keyword, scopes.scope_number
