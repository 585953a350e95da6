-- What was published and is different now, and why? And how many papers are in no period at all?
SELECT mart, cause, revised_on, count(*) AS figures, sum(new - old) AS papers
FROM mart.trend_revisions
GROUP BY mart, cause, revised_on
UNION ALL
SELECT 'undated_papers' AS mart, reason AS cause, NULL AS revised_on, 1 AS figures, papers
FROM mart.undated_papers
WHERE scope = 'all'
ORDER BY mart, cause, revised_on
