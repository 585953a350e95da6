-- What was seen of a repository, by day and source; where records of one day differ, the larger figure.
-- grain: repository_url, observed_on, source
SELECT
    spellings.url AS repository_url,
    coalesce(seen.observed_on, dumps.observed_on) AS observed_on,
    seen.source,
    min(seen.position) AS position,
    max(seen.stars) AS stars,
    max(seen.forks) AS forks,
    min(seen.language) AS language,
    min(seen.license) AS license,
    bool_or(seen.is_archived) AS is_archived,
    max(seen.pushed_on) AS pushed_on
FROM work.repositories AS seen
INNER JOIN core.dumps AS dumps
    ON seen.dump_id = dumps.dump_id AND seen.source = dumps.source AND dumps.status = 'loaded'
INNER JOIN work.spellings AS spellings ON repository_key(seen.repository_url) = spellings.url_key
GROUP BY ALL
