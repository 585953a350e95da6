-- Share of each keyword by month and scope; a month without a row had none.
-- grain: keyword, scope_number, period
-- keyword: see `core.keywords`
-- scope_number: the scope, see `scopes`
-- period: first day of the month
-- papers: papers of the scope and month with the keyword
-- share: papers / papers of the scope and month
-- share_low: lower bound of the 95 % interval
-- share_high: upper bound of the 95 % interval
SELECT
    series.keyword,
    scopes.scope_number,
    series.period,
    series.papers,
    series.share,
    series.share_low,
    series.share_high
FROM mart.keyword_monthly AS series
INNER JOIN page.scopes AS scopes USING (scope)
ORDER BY series.keyword, scopes.scope_number, series.period
