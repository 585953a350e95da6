-- Code repositories that papers or repository dumps name, each name with what became of it as far as records say.
-- grain: repository_url
-- docs/repositories.md says what each state needs.
-- Figures, a place in a listing or an event alone show that a repository was there, not that it is not archived: they
-- count where no record says more.
WITH latest AS (
    SELECT
        url_key,
        split_part(url_key, '/', 1) AS host,
        arg_max(state, (observed_on, state = 'renamed', state = 'archived', state)) FILTER (state IS NOT NULL) AS said_state,
        max(observed_on) FILTER (state IS NOT NULL) AS said_on,
        coalesce(
            arg_max(source, (observed_on, state = 'renamed', state = 'archived', state, source)) FILTER (state IS NOT NULL),
            arg_max(source, (observed_on, source)) FILTER (coalesce(stars, forks, position) IS NOT NULL OR host_id IS NOT NULL)
        ) AS said_by,
        max(observed_on) FILTER (coalesce(stars, forks, position) IS NOT NULL OR host_id IS NOT NULL) AS there_on,
        arg_max(repository_key(renamed_to), (observed_on, renamed_to))
            FILTER (state = 'renamed' AND repository_key(renamed_to) <> url_key) AS new_key,
        arg_max(renamed_to, (observed_on, renamed_to))
            FILTER (state = 'renamed' AND repository_key(renamed_to) <> url_key) AS renamed_to
    FROM work.repository_sightings
    GROUP BY url_key
),

-- The number that a name has now, and another that it had first: then it was given away.
numbered AS (
    SELECT
        url_key,
        arg_max(host_id, (last_on, host_id)) AS host_id,
        max(last_on) AS numbered_on,
        arg_max(coalesce(held_on, DATE '0001-01-01'), (last_on, host_id)) AS held_on,
        CASE WHEN arg_max(first_on, (last_on, host_id)) > min(first_on) THEN arg_min(host_id, (first_on, host_id)) END AS first_id
    FROM work.repository_tenants
    GROUP BY url_key
),

-- Where the repository that a name led to first is now: by its number, else by the redirection.
followed AS (
    SELECT
        latest.url_key,
        numbered.host_id,
        numbered.first_id IS NOT NULL AND latest.said_state IS DISTINCT FROM 'gone' AS is_squatted,
        latest.said_state,
        latest.said_on,
        latest.said_by,
        latest.there_on,
        numbered.numbered_on,
        holders.held_on,
        holders.url_key IS NOT NULL AS is_elsewhere,
        CASE
            WHEN numbered.first_id IS NOT NULL OR latest.said_state IS DISTINCT FROM 'renamed' THEN holders.url_key
            ELSE coalesce(latest.new_key, holders.url_key)
        END AS new_key,
        CASE WHEN numbered.first_id IS NULL AND latest.said_state = 'renamed' THEN latest.renamed_to END AS renamed_to
    FROM latest
    LEFT JOIN numbered ON latest.url_key = numbered.url_key
    LEFT JOIN work.repository_holders AS holders
        ON latest.host = holders.host AND holders.host_id = coalesce(numbered.first_id, numbered.host_id)
        AND latest.url_key <> holders.url_key
        AND (numbered.first_id IS NOT NULL OR numbered.held_on < holders.held_on OR latest.said_state = 'renamed')
),

steps AS (
    SELECT url_key, new_key, coalesce(said_on, held_on) AS said_on
    FROM followed
    WHERE new_key IS NOT NULL
),

-- Renames of renames, to their end. Hosts do not rename in circles: of one, the oldest step is out of date.
walks AS (
    WITH RECURSIVE walk AS (
        SELECT url_key, new_key AS last_key, [url_key, new_key] AS path
        FROM steps
        UNION ALL
        SELECT walk.url_key, steps.new_key AS last_key, list_append(walk.path, steps.new_key) AS path
        FROM walk
        INNER JOIN steps ON walk.last_key = steps.url_key
        WHERE NOT list_contains(walk.path, steps.new_key)
    )

    SELECT url_key, arg_max(last_key, len(path)) AS last_key, arg_max(path, len(path)) AS path
    FROM walk
    GROUP BY url_key
),

circles AS (
    SELECT closing.url_key, arg_min(steps.url_key, (steps.said_on, steps.url_key)) AS present_key
    FROM (
        SELECT walks.url_key, unnest(walks.path) AS member_key
        FROM walks
        INNER JOIN steps ON walks.last_key = steps.url_key AND steps.new_key = walks.url_key
    ) AS closing
    INNER JOIN steps ON closing.member_key = steps.url_key
    GROUP BY closing.url_key
),

present AS (
    SELECT walks.url_key, coalesce(circles.present_key, walks.last_key) AS present_key
    FROM walks
    LEFT JOIN circles ON walks.last_key = circles.url_key
),

resolved AS (
    SELECT
        followed.url_key,
        followed.host_id,
        CASE
            WHEN followed.is_squatted THEN 'squatted'
            WHEN followed.said_state = 'gone' THEN 'gone'
            WHEN present.present_key = followed.url_key THEN 'ok'
            WHEN followed.is_elsewhere THEN 'renamed'
            WHEN followed.said_state IS NOT NULL THEN followed.said_state
            WHEN followed.there_on IS NOT NULL THEN 'ok'
        END AS state,
        CASE
            WHEN followed.is_squatted THEN followed.numbered_on
            WHEN followed.said_state = 'gone' THEN followed.said_on
            WHEN followed.is_elsewhere THEN greatest(followed.held_on, followed.said_on)
            WHEN followed.said_state = 'ok' THEN greatest(followed.said_on, followed.there_on)
            WHEN followed.said_state IS NOT NULL THEN followed.said_on
            ELSE followed.there_on
        END AS state_on,
        followed.said_by,
        present.present_key,
        CASE
            WHEN spellings.url IS NOT NULL THEN spellings.url
            WHEN present.present_key = repository_key(followed.renamed_to) THEN followed.renamed_to
            ELSE 'https://' || present.present_key
        END AS present_url
    FROM followed
    LEFT JOIN present ON followed.url_key = present.url_key
    LEFT JOIN work.spellings AS spellings ON present.present_key = spellings.url_key AND spellings.is_repository
)

SELECT
    spellings.url AS repository_url,
    split_part(spellings.url_key, '/', 1) AS host,
    resolved.host_id,
    CASE WHEN spellings.url_key NOT LIKE 'anonymous.%' THEN split_part(spellings.url, '/', 4) END AS owner,
    regexp_extract(spellings.url, '([^/]+)$', 1) AS name,
    coalesce(resolved.state, 'unknown') AS state,
    resolved.state_on,
    CASE WHEN resolved.state IS NOT NULL THEN resolved.said_by END AS state_source,
    CASE WHEN resolved.present_key <> resolved.url_key THEN resolved.present_url END AS renamed_to,
    CASE WHEN resolved.state = 'squatted' THEN resolved.present_url ELSE coalesce(resolved.present_url, spellings.url) END AS present_url
FROM work.spellings AS spellings
LEFT JOIN resolved ON spellings.url_key = resolved.url_key
WHERE spellings.is_repository
