-- Every identifier of a paper, and the paper that it resolves to. One that leads to several resolves only to its namesake.
-- grain: alias
SELECT alias, paper_id
FROM work.aliases
QUALIFY count(*) OVER (PARTITION BY alias) = 1 OR alias = paper_id
