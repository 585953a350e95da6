-- Every identifier of a paper, and the paper that it resolves to. One that leads to several resolves to its namesake, else
-- to the paper that it led to when it was published.
-- grain: alias
-- rows: touched
WITH resolved AS (
    SELECT alias, paper_id
    FROM work.aliases
    QUALIFY count(*) OVER (PARTITION BY alias) = 1 OR alias = paper_id
)

SELECT alias, paper_id FROM resolved
UNION ALL
SELECT published.alias, resolved.paper_id
FROM work.published_ids AS published
INNER JOIN resolved ON published.paper_id = resolved.alias
WHERE published.alias NOT IN (SELECT alias FROM resolved)
