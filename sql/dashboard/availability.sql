-- Papers that name their code, by topic and month.
-- grain: topic, period
-- topic: `all`, a category, a keyword of enough papers, or `source:…`
-- period: first day of the month
-- papers: papers first published in the month
-- linked: papers with a repository link
-- promised: papers that promise code and have no link
-- on_request: papers that give code on request alone
-- unknown: papers that say none of it
-- rate: linked / papers
-- rate_low: lower bound of the 95 % interval
-- rate_high: upper bound of the 95 % interval
-- is_partial: whether the month was not over when we looked last
SELECT topic, period, papers, linked, promised, on_request, unknown, rate, rate_low, rate_high, is_partial
FROM mart.code_availability
ORDER BY topic, period
