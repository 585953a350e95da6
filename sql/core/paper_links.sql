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
),

-- What overrides add, take away and say better. A link that they add is there from the day of the line as long as its paper.
said AS (
    SELECT said.*, papers.last_observed_on
    FROM work.said_links AS said
    INNER JOIN core.papers AS papers USING (paper_id)
),

found AS (
    SELECT
        coalesce(best.paper_id, said.paper_id) AS paper_id,
        coalesce(best.url_key, said.url_key) AS url_key,
        coalesce(best.kind, said.kind) AS kind,
        coalesce(said.why, best.evidence) AS evidence,
        CASE WHEN said.action IS NULL THEN best.evidence_kind ELSE 'override' END AS evidence_kind,
        CASE WHEN best.is_shown THEN best.char_start END AS char_start,
        CASE WHEN best.is_shown THEN best.char_end END AS char_end,
        CASE WHEN said.action IS NULL THEN best.confidence ELSE 1 END AS confidence,
        CASE WHEN said.action IS NULL THEN best.is_official ELSE said.action = 'link' END AS is_official,
        CASE WHEN said.action = 'link' THEN said.made_on END AS said_from,
        CASE WHEN said.action = 'link' THEN greatest(said.made_on, said.last_observed_on) END AS said_until
    FROM best
    FULL JOIN said ON best.paper_id = said.paper_id AND best.url_key = said.url_key
    WHERE said.action IS NULL OR said.action = 'link' OR (said.action = 'unofficial' AND best.paper_id IS NOT NULL)
)

SELECT
    found.paper_id,
    spellings.url,
    found.kind,
    CASE WHEN found.kind = 'repository' THEN spellings.url END AS repository_url,
    found.evidence,
    found.evidence_kind,
    found.char_start,
    found.char_end,
    found.confidence,
    found.is_official,
    least(days.first_observed_on, found.said_from) AS first_observed_on,
    greatest(days.last_observed_on, found.said_until) AS last_observed_on
FROM found
INNER JOIN work.spellings AS spellings ON found.url_key = spellings.url_key
LEFT JOIN days ON found.paper_id = days.paper_id AND found.url_key = days.url_key
