-- How did a keyword's share of all papers go, month by month, and how sure is it? Months without a row had no paper
-- with it: they are filled in here. The running month is left out, it has only begun.
WITH keyword AS (
    SELECT keyword
    FROM mart.keyword_trends
    WHERE scope = 'all'
    ORDER BY papers DESC, keyword
    LIMIT 1 -- put the keyword of your choice here: SELECT 'world models' AS keyword
)

SELECT
    months.period,
    keyword.keyword,
    coalesce(monthly.papers, 0) AS papers,
    months.papers_total,
    coalesce(monthly.share, 0) AS share,
    monthly.share_low,
    monthly.share_high
FROM mart.scope_periods AS months
CROSS JOIN keyword
LEFT JOIN mart.keyword_monthly AS monthly
    ON keyword.keyword = monthly.keyword AND months.scope = monthly.scope AND months.period = monthly.period
WHERE months.scope = 'all' AND months.unit = 'month' AND NOT months.is_partial
ORDER BY months.period
