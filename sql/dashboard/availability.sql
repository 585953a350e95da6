-- Papers that name their code, by topic and month.
-- grain: topic, period
-- topic: `all`, a category, or a keyword of enough papers
-- period: first day of the month
-- papers: papers first published in the month
-- linked: papers with a repository link
-- promised: papers that promise code and have no link
-- rate: linked / papers
-- rate_low: lower bound of the 95 % interval
-- rate_high: upper bound of the 95 % interval
SELECT topic, period, papers, linked, promised, rate, rate_low, rate_high
FROM mart.code_availability
ORDER BY topic, period
