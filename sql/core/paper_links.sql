-- Links of each paper with the best evidence. Places are kept only where they count in the abstract that is shown.
-- grain: paper_id, url
WITH evidence AS (
    SELECT
        records.paper_id,
        links.url_key,
        links.kind,
        links.evidence,
        links.evidence_kind,
        links.char_start,
        links.char_end,
        links.confidence,
        links.is_official,
        records.content_hash,
        links.char_start IS NOT NULL AND records.abstract_hash = winners.abstract_hash AS is_shown
    FROM work.links AS links
    INNER JOIN work.records AS records USING (dump_id, member, record_offset)
    INNER JOIN work.winners AS winners ON records.paper_id = winners.paper_id
),

best AS (
    SELECT *
    FROM evidence
    QUALIFY row_number() OVER (
        PARTITION BY paper_id, url_key
        ORDER BY is_shown DESC, evidence_kind IN ('abstract_sentence', 'abstract_url') DESC, confidence DESC, content_hash, char_start, evidence
    ) = 1
),

days AS (
    SELECT sightings.paper_id, links.url_key, min(sightings.observed_on) AS first_observed_on, max(sightings.observed_on) AS last_observed_on
    FROM work.links AS links
    INNER JOIN work.sightings AS sightings USING (dump_id, member, record_offset)
    GROUP BY sightings.paper_id, links.url_key
)

SELECT
    best.paper_id,
    spellings.url,
    best.kind,
    CASE WHEN best.kind = 'repository' THEN spellings.url END AS repository_url,
    best.evidence,
    best.evidence_kind,
    CASE WHEN best.is_shown THEN best.char_start END AS char_start,
    CASE WHEN best.is_shown THEN best.char_end END AS char_end,
    best.confidence,
    best.is_official,
    days.first_observed_on,
    days.last_observed_on
FROM best
INNER JOIN days USING (paper_id, url_key)
INNER JOIN work.spellings AS spellings USING (url_key)
