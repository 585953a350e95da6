-- Each sighting of a paper in a delivery.
-- grain: dump_id, member, record_offset, observed_on
-- rows: touched
SELECT DISTINCT
    records.dump_id,
    records.member,
    records.record_offset,
    sightings.observed_on,
    records.record_length,
    records.paper_id,
    records.source,
    records.position,
    records.upvotes,
    records.comments
FROM work.records AS records
INNER JOIN work.sightings AS sightings USING (dump_id, member, record_offset)
WHERE records.paper_id IN (SELECT paper_id FROM work.touched)
