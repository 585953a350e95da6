-- Identifiers that would have joined papers with different strong identifiers, and so join none.
-- table: ops.conflicts
-- grain: identifier
SELECT alias AS identifier, list(paper_id ORDER BY paper_id) AS papers
FROM work.aliases
GROUP BY alias
HAVING count(*) > 1
