-- What was seen of a repository, by day and source; where records of one day differ, the larger figure.
-- grain: repository_url, observed_on, source
SELECT
    spellings.url AS repository_url,
    sightings.observed_on,
    sightings.source,
    max(seen.stars) AS stars,
    max(seen.forks) AS forks,
    min(seen.language) AS language,
    min(seen.license) AS license,
    bool_or(seen.is_archived) AS is_archived,
    max(seen.pushed_on) AS pushed_on
FROM work.repositories AS seen
INNER JOIN work.sightings AS sightings USING (dump_id, member, record_offset)
INNER JOIN work.spellings AS spellings ON repository_key(seen.repository_url) = spellings.url_key
GROUP BY ALL
