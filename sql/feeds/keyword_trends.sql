-- Trend of each keyword over all papers, the rising ones first.
-- grain: keyword
-- formats: parquet, json, csv
-- keyword: see `core.keywords`
-- papers: dated papers with the keyword
-- n_periods: complete months behind the figures
-- trend_status: insufficient_history, difference, growth or ok
-- growth: log odds ratio of the recent months against those before, shrunk
-- slope: Sen's slope of the monthly share
-- q_value: Mann-Kendall test after Benjamini-Hochberg
-- burst_start: first month of the heaviest burst
-- burst_end: last month of that burst
-- emergence: the score to rank by; above 0 the keyword rises
-- first_seen: day of its first dated paper
SELECT
    keyword,
    papers,
    n_periods,
    trend_status,
    growth,
    slope,
    q_value,
    burst_start,
    burst_end,
    emergence,
    first_seen
FROM mart.keyword_trends
WHERE scope = 'all'
ORDER BY emergence DESC NULLS LAST, papers DESC, keyword
