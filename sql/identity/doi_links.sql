-- Pairs of identifiers that a record without arXiv identifier holds together, each with the first of them.
-- table: work.doi_links
-- grain: one, other
WITH free AS (
    SELECT claims.record_id, claims.key, min(claims.key) OVER (PARTITION BY claims.record_id) AS first_key
    FROM work.claims AS claims
    LEFT JOIN work.attached AS attached USING (key)
    WHERE coalesce(attached.papers, 0) < 2
    QUALIFY NOT bool_or(claims.key LIKE 'arxiv:%') OVER (PARTITION BY claims.record_id)
)

SELECT DISTINCT first_key AS one, key AS other
FROM free
WHERE first_key <> key
    AND NOT EXISTS (SELECT 1 FROM work.split WHERE split.one IN (first_key, key) AND split.other IN (first_key, key))
