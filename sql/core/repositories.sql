-- Code repositories that papers or repository dumps name, as the latest record of each says.
-- grain: repository_url
WITH said AS (
    SELECT
        repository_key(seen.repository_url) AS url_key,
        coalesce(seen.observed_on, dumps.observed_on) AS observed_on,
        seen.host_id,
        seen.stars IS NOT NULL OR seen.forks IS NOT NULL AS has_figures,
        repository_key(seen.renamed_to) AS new_key,
        seen.renamed_to,
        coalesce(
            seen.state::VARCHAR,
            CASE WHEN seen.is_archived THEN 'archived' WHEN NOT seen.is_archived THEN 'ok' END
        ) AS state
    FROM work.repositories AS seen
    INNER JOIN core.dumps AS dumps
        ON seen.dump_id = dumps.dump_id AND seen.source = dumps.source AND dumps.status = 'loaded'
),

-- Figures alone show that a repository was there, not that it is not archived: they count where no record says more.
latest AS (
    SELECT
        url_key,
        split_part(url_key, '/', 1) AS host,
        arg_max(host_id, (observed_on, host_id)) FILTER (host_id IS NOT NULL) AS host_id,
        max(observed_on) FILTER (host_id IS NOT NULL) AS numbered_on,
        coalesce(
            arg_max(state, (observed_on, state = 'renamed', state = 'archived', state)) FILTER (state IS NOT NULL),
            CASE WHEN bool_or(has_figures) THEN 'ok' END
        ) AS state,
        arg_max(new_key, (observed_on, renamed_to)) FILTER (state = 'renamed' AND new_key <> url_key) AS new_key,
        arg_max(renamed_to, (observed_on, renamed_to)) FILTER (state = 'renamed' AND new_key <> url_key) AS renamed_to
    FROM said
    GROUP BY url_key
),

-- A host keeps the number of a repository through renames: the name under which it was seen last is the present one.
holders AS (
    SELECT
        host,
        host_id,
        arg_max(url_key, (numbered_on, url_key)) AS url_key,
        max(numbered_on) AS numbered_on,
        count(*) FILTER (is_last) AS names
    FROM (
        SELECT *, numbered_on = max(numbered_on) OVER (PARTITION BY host, host_id) AS is_last
        FROM latest
        WHERE host_id IS NOT NULL AND state IS DISTINCT FROM 'renamed'
    )
    GROUP BY host, host_id
),

resolved AS (
    SELECT
        latest.url_key,
        latest.host_id,
        CASE WHEN holders.url_key IS NOT NULL THEN 'renamed' ELSE latest.state END AS state,
        coalesce(latest.new_key, holders.url_key) AS new_key,
        latest.renamed_to
    FROM latest
    LEFT JOIN holders
        ON latest.host = holders.host AND latest.host_id = holders.host_id AND latest.url_key <> holders.url_key
        AND holders.names = 1 AND latest.state IS DISTINCT FROM 'gone'
        AND (latest.numbered_on < holders.numbered_on OR latest.state = 'renamed')
)

SELECT
    spellings.url AS repository_url,
    split_part(spellings.url_key, '/', 1) AS host,
    resolved.host_id,
    split_part(spellings.url, '/', 4) AS owner,
    regexp_extract(spellings.url, '([^/]+)$', 1) AS name,
    coalesce(resolved.state, 'unknown') AS state,
    CASE WHEN resolved.state = 'renamed' THEN coalesce(present.url, resolved.renamed_to) END AS renamed_to
FROM work.spellings AS spellings
LEFT JOIN resolved ON spellings.url_key = resolved.url_key
LEFT JOIN work.spellings AS present ON resolved.new_key = present.url_key AND present.is_repository
WHERE spellings.is_repository
