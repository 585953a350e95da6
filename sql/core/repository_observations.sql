-- What was seen of a repository, by day and source; where records of one day differ, the larger figure.
-- grain: repository_url, observed_on, source
-- Of a name that was given to another repository, each observation belongs to the number that it tells, else to the one
-- that was seen under the name before and after; between two numbers it belongs to nobody.
WITH observed AS (
    SELECT
        url_key,
        observed_on,
        source,
        max(host_id) FILTER (state IS DISTINCT FROM 'renamed') AS host_id,
        min(position) AS position,
        min(position) FILTER (language IS NULL) AS overall_position,
        max(stars) AS stars,
        max(forks) AS forks,
        min(language) AS language,
        min(license) AS license,
        bool_or(is_archived) AS is_archived,
        max(pushed_on) AS pushed_on
    FROM work.repository_sightings
    GROUP BY url_key, observed_on, source
),

tenants AS (
    SELECT
        tenants.url_key,
        tenants.host_id,
        tenants.last_on,
        CASE WHEN row_number() OVER by_day > 1 THEN tenants.first_on END AS first_on,
        lead(tenants.first_on) OVER by_day AS next_on,
        holders.url_key AS present_key
    FROM work.repository_tenants AS tenants
    LEFT JOIN work.repository_holders AS holders USING (host, host_id)
    WINDOW by_day AS (PARTITION BY tenants.url_key ORDER BY tenants.first_on, tenants.host_id)
    QUALIFY count(*) OVER (PARTITION BY tenants.url_key) > 1
),

owned AS (
    SELECT observed.url_key, observed.observed_on, observed.source, any_value(tenants.present_key) AS present_key
    FROM observed
    INNER JOIN tenants
        ON observed.url_key = tenants.url_key
        AND CASE
            WHEN observed.host_id IS NOT NULL THEN observed.host_id = tenants.host_id
            ELSE observed.observed_on >= coalesce(tenants.first_on, observed.observed_on)
                AND (tenants.next_on IS NULL OR observed.observed_on <= least(tenants.last_on, tenants.next_on - 1))
        END
    GROUP BY observed.url_key, observed.observed_on, observed.source
),

-- The names that two numbers share, so that all others go without a look at tenants.
shared AS (
    SELECT url_key FROM tenants GROUP BY url_key
)

SELECT
    repositories.repository_url,
    observed.observed_on,
    observed.source,
    CASE
        WHEN shared.url_key IS NULL THEN repositories.present_url
        WHEN present.state = 'squatted' THEN present.repository_url
        ELSE present.present_url
    END AS present_url,
    observed.host_id,
    observed.position,
    observed.overall_position,
    observed.stars,
    observed.forks,
    observed.language,
    observed.license,
    observed.is_archived,
    observed.pushed_on
FROM observed
INNER JOIN core.repositories AS repositories ON observed.url_key = repository_key(repositories.repository_url)
LEFT JOIN shared ON observed.url_key = shared.url_key
LEFT JOIN owned
    ON observed.url_key = owned.url_key AND observed.observed_on = owned.observed_on AND observed.source = owned.source
LEFT JOIN core.repositories AS present ON owned.present_key = repository_key(present.repository_url)
