-- What each paper says about its code; a repository link says more than words, unless its text merely uses or compares
-- with that repository. A promise of any record is kept on record with its day, whatever a later record says.
-- grain: paper_id
WITH linked AS (
    SELECT paper_id, arg_min(evidence, (NOT coalesce(is_official, false), -confidence, url)) AS sentence
    FROM core.paper_links
    WHERE kind = 'repository' AND NOT (is_official IS false AND evidence_kind IN ('abstract_sentence', 'abstract_url', 'comment'))
    GROUP BY paper_id
),

promised AS (
    SELECT records.paper_id, min(sightings.observed_on) AS promised_on
    FROM work.records AS records
    INNER JOIN work.sightings AS sightings USING (dump_id, member, record_offset)
    WHERE records.statement = 'promised'
    GROUP BY records.paper_id
)

SELECT
    winners.paper_id,
    CASE WHEN linked.paper_id IS NOT NULL THEN 'linked' WHEN records.statement = 'linked' THEN 'none' ELSE records.statement END AS statement,
    CASE WHEN linked.paper_id IS NOT NULL THEN linked.sentence ELSE records.statement_sentence END AS sentence,
    promised.promised_on
FROM work.winners AS winners
INNER JOIN work.records AS records USING (dump_id, member, record_offset)
LEFT JOIN linked ON winners.paper_id = linked.paper_id
LEFT JOIN promised ON winners.paper_id = promised.paper_id
