-- The arXiv papers that records attach each other identifier to; one that several claim is contested.
-- table: work.attached
-- grain: key
-- papers: number of arXiv papers that claim it
-- paper: the one that does, or the first of them
SELECT others.key, count(DISTINCT claims.key) AS papers, min(claims.key) AS paper
FROM work.claims AS others
INNER JOIN work.claims AS claims USING (record_id)
WHERE others.key NOT LIKE 'arxiv:%' AND claims.key LIKE 'arxiv:%'
    AND NOT EXISTS (
        SELECT 1 FROM work.split WHERE split.one IN (others.key, claims.key) AND split.other IN (others.key, claims.key)
    )
GROUP BY others.key
