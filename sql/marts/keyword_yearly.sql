-- Document share of each keyword by year, for keywords of at least three papers in the scope; a year without a row had none.
-- grain: keyword, scope, period
-- keyword: see `core.keywords`
-- scope: `all`, `source:…` or `category:…`
-- period: first day of the year
-- papers: papers of the scope and year with the keyword
-- papers_total: papers of the scope and year
-- share: papers / papers_total
-- share_low: lower bound of the 95 % Wilson interval
-- share_high: upper bound of the 95 % Wilson interval
-- is_partial: whether the year was not over when we looked last
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
WHERE unit = 'year'
