-- Document share of each keyword by week, for keywords of at least three dated papers in the scope; a week without a row had none.
-- grain: keyword, scope, period
-- stored: no
-- keyword: see `core.keywords`
-- scope: `all`, `source:…` or `category:…` (a paper counts in its first category)
-- period: the Monday that the week (ISO 8601) begins with
-- papers: papers of the scope, first published in the week, with the keyword
-- papers_total: papers of the scope and week, with keywords or without; see `mart.scope_periods`
-- share: papers / papers_total
-- share_low: lower bound of the 95 % interval of the share: (p + z²/2n − z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.96 (Wilson 1927)
-- share_high: upper bound: the same with + before the root
-- is_partial: whether the week was not over when we looked last, see `mart.scope_periods`; compare it with no other
SELECT
    keyword,
    scope,
    period,
    papers,
    papers_total,
    papers / papers_total AS share,
    wilson_low(papers, papers_total) AS share_low,
    wilson_high(papers, papers_total) AS share_high,
    is_partial
FROM work.keyword_periods
WHERE unit = 'week'
