-- The record of each touched paper that is believed first: with abstract, by source priority, latest, by content.
-- table: work.winners
-- grain: paper_id
-- rows: touched
WITH days AS (
    SELECT dump_id, member, record_offset, max(observed_on) AS observed_on
    FROM work.sightings
    WHERE paper_id IN (SELECT paper_id FROM work.touched)
    GROUP BY ALL
)

SELECT records.paper_id, records.dump_id, records.member, records.record_offset, records.abstract_hash
FROM work.records AS records
INNER JOIN days USING (dump_id, member, record_offset)
WHERE records.paper_id IN (SELECT paper_id FROM work.touched)
QUALIFY row_number() OVER (
    PARTITION BY records.paper_id
    ORDER BY
        records.abstract_hash IS NULL, records.priority, days.observed_on DESC, records.content_hash,
        records.dump_id, records.member, records.record_offset
) = 1
