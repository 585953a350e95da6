-- The spelling of each link that is shown: the most frequent one.
-- table: work.spellings
-- grain: url_key
WITH spelled AS (
    SELECT url_key, url, kind = 'repository' AS is_repository FROM work.links
    UNION ALL
    SELECT repository_key(repository_url) AS url_key, repository_url AS url, true AS is_repository FROM work.repositories
),

counted AS (
    SELECT url_key, url, bool_or(is_repository) AS is_repository, count(*) AS records
    FROM spelled
    GROUP BY url_key, url
)

SELECT url_key, url, is_repository
FROM counted
QUALIFY row_number() OVER (PARTITION BY url_key ORDER BY records DESC, url) = 1
