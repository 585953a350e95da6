-- Dumps of each source, what became of their records, and how fresh they are.
-- grain: source
-- source: dump format
-- dumps: dumps that are loaded
-- records: records seen
-- loaded: records that stand in the warehouse
-- rejected: records set aside
-- duplicates: repeats inside a dump
-- refused: dumps that were refused as a whole
-- withdrawn: dumps that were withdrawn
-- newest: newest day that a loaded dump shows
-- days_old: days from then to the newest day of all
-- licence: licence of the source, as stated
WITH counted AS (
    SELECT
        source,
        count(*) FILTER (status = 'loaded') AS dumps,
        sum(records)::BIGINT AS records,
        sum(loaded)::BIGINT AS loaded,
        sum(rejected)::BIGINT AS rejected,
        sum(duplicates)::BIGINT AS duplicates,
        count(*) FILTER (status = 'refused') AS refused,
        count(*) FILTER (status = 'withdrawn') AS withdrawn,
        max(observed_on) FILTER (status = 'loaded') AS newest,
        max(licence) AS licence
    FROM core.dumps
    GROUP BY source
)

SELECT
    source,
    dumps,
    records,
    loaded,
    rejected,
    duplicates,
    refused,
    withdrawn,
    newest,
    max(newest) OVER () - newest AS days_old,
    licence
FROM counted
ORDER BY source
