-- What records say of repositories: each with the key of the name and the day on which it was so.
-- table: work.repository_sightings
-- grain: dump_id, member, record_offset, source, item, observed_on
SELECT
    seen.dump_id,
    seen.member,
    seen.record_offset,
    seen.source,
    seen.item,
    coalesce(seen.observed_on, dumps.observed_on) AS observed_on,
    repository_key(seen.repository_url) AS url_key,
    seen.host_id,
    coalesce(
        seen.state::VARCHAR,
        CASE WHEN seen.is_archived THEN 'archived' WHEN NOT seen.is_archived THEN 'ok' END
    ) AS state,
    seen.renamed_to,
    seen.position,
    seen.stars,
    seen.forks,
    seen.language,
    seen.license,
    seen.is_archived,
    seen.pushed_on
FROM work.repositories AS seen
INNER JOIN core.dumps AS dumps
    ON seen.dump_id = dumps.dump_id AND seen.source = dumps.source AND dumps.status = 'loaded'
