-- Strong identifiers of each record, those that an override merges under the name that they share.
-- table: work.claims
-- grain: record_id, key
-- place: the arXiv identifier before the DOIs in listed order; what decides where a record's identifiers disagree
-- is_overridden: whether an override gave it this name
WITH named AS (
    SELECT record_id, 'arxiv:' || arxiv_id AS alias, -1 AS place
    FROM work.affected
    WHERE arxiv_id IS NOT NULL
    UNION ALL
    SELECT dois.record_id, 'doi:' || dois.doi AS alias, dois.place
    FROM work.dois AS dois
    INNER JOIN work.affected AS affected USING (record_id)
    UNION ALL
    SELECT affected.record_id, affected.own_id AS alias, -1 AS place
    FROM work.affected AS affected
    WHERE affected.own_id IN (SELECT alias FROM work.named) AND affected.own_id[:5] IN ('title', 'text:')
)

SELECT
    named.record_id,
    coalesce(merged.root, named.alias) AS key,
    min(named.place) AS place,
    bool_or(merged.root <> named.alias) IS TRUE AS is_overridden
FROM named
LEFT JOIN work.merged AS merged USING (alias)
GROUP BY ALL
