-- Papers of each scope by month.
-- grain: scope_number, period
-- scope_number: the scope, see `scopes`
-- period: first day of the month
-- papers_total: papers of the scope first published in the month
-- is_partial: whether the month was not over when we looked last
SELECT scopes.scope_number, months.period, months.papers_total, months.is_partial
FROM mart.scope_periods AS months
INNER JOIN page.scopes AS scopes USING (scope)
WHERE months.unit = 'month'
ORDER BY scopes.scope_number, months.period
