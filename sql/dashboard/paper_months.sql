-- The first paper of each month: papers of a month stand side by side.
-- grain: period
-- period: first day of the month
-- paper_number: the first of its papers, see `papers`
-- papers: how many follow, that one included
SELECT
    date_trunc('month', published_on)::DATE AS period,
    min(paper_number) AS paper_number,
    count(*) AS papers
FROM aside.paper_numbers
WHERE published_on IS NOT NULL
GROUP BY period
ORDER BY period
