-- Every identifier of a paper, and the paper that it resolves to. One that leads to several resolves to its namesake, else
-- to the paper that was seen first.
-- grain: alias
-- rows: touched
WITH resolved AS (
    SELECT aliases.alias, aliases.paper_id
    FROM work.aliases AS aliases
    INNER JOIN core.papers AS papers USING (paper_id)
    QUALIFY row_number() OVER (
        PARTITION BY aliases.alias
        ORDER BY aliases.alias <> aliases.paper_id, papers.first_observed_on, aliases.paper_id
    ) = 1
)

SELECT alias, paper_id FROM resolved
UNION ALL
SELECT published.alias, resolved.paper_id
FROM work.published_ids AS published
INNER JOIN resolved ON published.paper_id = resolved.alias
WHERE published.alias NOT IN (SELECT alias FROM resolved)
