-- Identifiers that would have joined papers with different strong identifiers, and so join none.
-- table: ops.conflicts
-- grain: identifier
SELECT identifier, list(paper_id ORDER BY paper_id) AS papers
FROM work.contested
GROUP BY identifier
