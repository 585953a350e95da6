-- Identifiers by which records would be papers of their own, and the papers that they are part of.
-- table: ops.merges
-- grain: merged_id, paper_id
-- rows: touched
WITH merged AS (
    SELECT paper_id
    FROM work.records
    WHERE evidence IS NOT NULL AND paper_id IN (SELECT paper_id FROM work.touched)
),

parts AS (
    SELECT records.paper_id, records.own_id, min(records.evidence) AS evidence, min(sightings.observed_on) AS observed_on
    FROM work.records AS records
    INNER JOIN work.sightings AS sightings USING (dump_id, member, record_offset)
    WHERE records.paper_id IN (SELECT paper_id FROM merged)
    GROUP BY ALL
)

SELECT
    part.own_id AS merged_id,
    part.paper_id,
    any_value(part.evidence) AS evidence,
    greatest(any_value(part.observed_on), min(rest.observed_on)) AS observed_on
FROM parts AS part
LEFT JOIN parts AS rest ON part.paper_id = rest.paper_id AND part.own_id <> rest.own_id
WHERE part.own_id <> part.paper_id
GROUP BY part.own_id, part.paper_id
