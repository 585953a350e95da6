-- Dumps that were refused or withdrawn, the newest first, two hundred at most.
-- grain: place
-- place: place of the dump in this table, from 0
-- source: dump format
-- name: file name at delivery
-- observed_on: day that the listing shows
-- status: refused or withdrawn
-- reason: why
SELECT
    row_number() OVER (ORDER BY observed_on DESC, source, name, dump_id) - 1 AS place,
    source,
    name,
    observed_on,
    status,
    reason
FROM core.dumps
WHERE status <> 'loaded'
QUALIFY place < 200
ORDER BY place
