-- The numbers that a host gave under each name, and when each was seen there. A redirection names the number it leads to.
-- table: work.repository_tenants
-- grain: url_key, host_id
SELECT
    url_key,
    split_part(url_key, '/', 1) AS host,
    host_id,
    min(observed_on) AS first_on,
    max(observed_on) AS last_on,
    max(observed_on) FILTER (state IS DISTINCT FROM 'renamed') AS held_on
FROM work.repository_sightings
WHERE host_id IS NOT NULL
GROUP BY url_key, host_id
