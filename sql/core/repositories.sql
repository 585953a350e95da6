-- Code repositories that papers or repository dumps name.
-- grain: repository_url
WITH seen AS (
    SELECT
        repository_key(repository_url) AS url_key,
        arg_max(host_id, dump_id) AS host_id,
        bool_or(is_archived) AS is_archived,
        count(stars) > 0 AS has_stars
    FROM work.repositories
    GROUP BY url_key
)

SELECT
    spellings.url AS repository_url,
    split_part(spellings.url_key, '/', 1) AS host,
    seen.host_id,
    split_part(spellings.url, '/', 4) AS owner,
    regexp_extract(spellings.url, '([^/]+)$', 1) AS name,
    CASE WHEN seen.is_archived THEN 'archived' WHEN seen.has_stars THEN 'ok' ELSE 'unknown' END AS state,
    NULL::VARCHAR AS renamed_to
FROM work.spellings AS spellings
LEFT JOIN seen USING (url_key)
WHERE spellings.is_repository
