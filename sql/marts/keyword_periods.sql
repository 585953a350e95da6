-- Papers with each keyword by scope and period, for keywords of at least three dated papers in the scope.
-- table: work.keyword_periods
-- grain: keyword, scope, unit, period
-- stored: no
SELECT
    keyword_numbers.keyword,
    scope_numbers.scope,
    counts.unit,
    counts.period,
    counts.papers,
    periods.papers_total,
    periods.is_partial
FROM work.keyword_counts AS counts
INNER JOIN work.keyword_numbers AS keyword_numbers USING (keyword_number)
INNER JOIN work.scope_numbers AS scope_numbers USING (scope_number)
INNER JOIN mart.scope_periods AS periods
    ON scope_numbers.scope = periods.scope AND counts.unit = periods.unit AND counts.period = periods.period
