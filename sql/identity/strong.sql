-- The paper that its strong identifiers give each record: the arXiv identifier's, else that of a DOI which nothing contests.
-- table: work.strong
-- grain: record_id
SELECT claims.record_id, coalesce(handles.node, claims.key) AS node, claims.is_overridden
FROM work.claims AS claims
LEFT JOIN work.handles AS handles USING (key)
QUALIFY row_number() OVER (
    PARTITION BY claims.record_id
    ORDER BY claims.key NOT LIKE 'arxiv:%', coalesce(handles.is_contested, false), claims.place, claims.key
) = 1
