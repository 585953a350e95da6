-- The name under which each number of a host was seen last. Two names of one day are no rename: which came first is not known.
-- table: work.repository_holders
-- grain: host, host_id
-- A name holds the number that was seen under it last; one that redirects holds none.
WITH held AS (
    SELECT url_key, host, arg_max(host_id, (held_on, host_id)) AS host_id, max(held_on) AS held_on
    FROM work.repository_tenants
    WHERE held_on IS NOT NULL
    GROUP BY url_key, host
),

redirected AS (
    SELECT url_key, max(observed_on) FILTER (state = 'renamed') AS left_on
    FROM work.repository_sightings
    GROUP BY url_key
)

SELECT held.host, held.host_id, arg_max(held.url_key, (held.held_on, held.url_key)) AS url_key, max(held.held_on) AS held_on
FROM (
    SELECT held.*, held.held_on = max(held.held_on) OVER (PARTITION BY held.host, held.host_id) AS is_last
    FROM held
    LEFT JOIN redirected ON held.url_key = redirected.url_key
    WHERE redirected.left_on IS NULL OR redirected.left_on < held.held_on
) AS held
GROUP BY held.host, held.host_id
HAVING count(*) FILTER (held.is_last) = 1
