-- The spelling of each link that is shown: the one of most records, those that say the same counted once.
-- An override's spelling counts where no record has one.
-- table: work.spellings
-- grain: url_key
WITH spelled AS (
    SELECT records.content_hash, links.url_key, links.url, links.kind = 'repository' AS is_repository
    FROM work.links AS links
    INNER JOIN work.records AS records USING (dump_id, member, record_offset)
    UNION ALL
    SELECT NULL AS content_hash, url_key, url, kind = 'repository' AS is_repository
    FROM work.said_links
    WHERE action = 'link'
    UNION ALL
    SELECT
        coalesce(seen.repeat_hash, records.content_hash) AS content_hash,
        repository_key(seen.repository_url) AS url_key,
        seen.repository_url AS url,
        true AS is_repository
    FROM work.repositories AS seen
    LEFT JOIN work.records AS records USING (dump_id, member, record_offset)
),

counted AS (
    SELECT url_key, url, bool_or(is_repository) AS is_repository, count(DISTINCT content_hash) AS records
    FROM spelled
    GROUP BY url_key, url
)

SELECT url_key, url, is_repository
FROM counted
QUALIFY row_number() OVER (PARTITION BY url_key ORDER BY records DESC, url) = 1
