-- Share of papers by month of the ten keywords of highest emergence, over the last three years; a month without a paper has share 0.
-- grain: keyword, period
-- formats: parquet, csv, json, json_schema, vega_lite
-- chart: period, share, keyword, share_low, share_high
-- keyword: see `core.keywords`
-- period: first day of the month
-- papers: papers of the month with the keyword
-- papers_total: papers of the month
-- share: papers / papers_total
-- share_low: lower bound of the 95 % Wilson interval
-- share_high: upper bound of the 95 % Wilson interval
-- is_partial: whether the month was not over when we looked last
WITH rising AS (
    SELECT keyword, emergence
    FROM mart.keyword_trends
    WHERE scope = 'all' AND trend_status IN ('growth', 'ok') AND growth > 0 AND emergence > 0 AND papers >= 5
    ORDER BY emergence DESC, papers DESC, keyword
    LIMIT 10
),

months AS (
    SELECT period, papers_total, is_partial
    FROM mart.scope_periods
    WHERE scope = 'all' AND unit = 'month'
    ORDER BY period DESC
    LIMIT 36
)

SELECT
    rising.keyword,
    months.period,
    coalesce(monthly.papers, 0) AS papers,
    months.papers_total,
    coalesce(monthly.papers, 0) / months.papers_total AS share,
    wilson_low(coalesce(monthly.papers, 0), months.papers_total) AS share_low,
    wilson_high(coalesce(monthly.papers, 0), months.papers_total) AS share_high,
    months.is_partial
FROM rising
CROSS JOIN months
LEFT JOIN mart.keyword_monthly AS monthly
    ON rising.keyword = monthly.keyword AND months.period = monthly.period AND monthly.scope = 'all'
ORDER BY rising.emergence DESC, rising.keyword, months.period
