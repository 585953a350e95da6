-- Code repositories that papers or repository dumps name, as the latest record of each says.
-- grain: repository_url
WITH said AS (
    SELECT
        repository_key(seen.repository_url) AS url_key,
        coalesce(seen.observed_on, dumps.observed_on) AS observed_on,
        seen.host_id,
        seen.stars,
        seen.renamed_to,
        coalesce(seen.state::VARCHAR, CASE WHEN seen.is_archived THEN 'archived' WHEN seen.stars IS NOT NULL THEN 'ok' END) AS state
    FROM work.repositories AS seen
    INNER JOIN core.dumps AS dumps
        ON seen.dump_id = dumps.dump_id AND seen.source = dumps.source AND dumps.status = 'loaded'
),

seen AS (
    SELECT
        url_key,
        arg_max(host_id, (observed_on, host_id)) FILTER (host_id IS NOT NULL) AS host_id,
        arg_max(renamed_to, (observed_on, renamed_to)) FILTER (state IS NOT NULL) AS renamed_to,
        arg_max(state, (observed_on, state = 'renamed', state = 'archived', state)) FILTER (state IS NOT NULL) AS state
    FROM said
    GROUP BY url_key
)

SELECT
    spellings.url AS repository_url,
    split_part(spellings.url_key, '/', 1) AS host,
    seen.host_id,
    split_part(spellings.url, '/', 4) AS owner,
    regexp_extract(spellings.url, '([^/]+)$', 1) AS name,
    coalesce(seen.state, 'unknown') AS state,
    CASE WHEN seen.state = 'renamed' THEN seen.renamed_to END AS renamed_to
FROM work.spellings AS spellings
LEFT JOIN seen USING (url_key)
WHERE spellings.is_repository
