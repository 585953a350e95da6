-- Trend of each keyword by scope.
-- grain: keyword, scope_number
-- keyword: see `core.keywords`
-- scope_number: the scope, see `scopes`
-- papers: dated papers of the scope with the keyword
-- n_periods: complete months behind the figures
-- trend_status: insufficient_history, difference, growth or ok
-- growth: log odds ratio of the recent months against those before
-- slope: Sen's slope of the monthly share
-- q_value: Mann-Kendall test after Benjamini-Hochberg
-- burst_start: first month of the heaviest burst
-- burst_end: last month of that burst
-- emergence: how surely it rises; keywords are ranked by it
-- first_seen: day of its first dated paper
SELECT
    trends.keyword,
    scopes.scope_number,
    trends.papers,
    trends.n_periods,
    trends.trend_status,
    trends.growth,
    trends.slope,
    trends.q_value,
    trends.burst_start,
    trends.burst_end,
    trends.emergence,
    trends.first_seen
FROM mart.keyword_trends AS trends
INNER JOIN page.scopes AS scopes USING (scope)
ORDER BY trends.keyword, scopes.scope_number
