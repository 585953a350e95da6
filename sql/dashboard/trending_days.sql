-- Days with listings, the newest first.
-- grain: place
-- place: place of the day, from 0
-- observed_on: the day
-- papers: papers listed on it
-- repositories: repositories listed on it
WITH days AS (
    SELECT observed_on, count(*) AS papers, 0 AS repositories FROM mart.trending_papers GROUP BY observed_on
    UNION ALL
    SELECT observed_on, 0 AS papers, count(*) AS repositories FROM mart.trending_repositories GROUP BY observed_on
)

SELECT
    row_number() OVER (ORDER BY observed_on DESC) - 1 AS place,
    observed_on,
    sum(papers)::BIGINT AS papers,
    sum(repositories)::BIGINT AS repositories
FROM days
GROUP BY observed_on
ORDER BY place
