-- In which categories do papers name their code? Sum counts, never rates: months differ in size.
SELECT
    topic,
    sum(papers) AS papers,
    sum(linked) AS linked,
    sum(linked) / sum(papers) AS rate,
    min(period) AS first_month,
    max(period) AS last_month
FROM mart.code_availability
WHERE topic IN (SELECT DISTINCT primary_category FROM core.papers)
GROUP BY topic
ORDER BY papers DESC, topic
