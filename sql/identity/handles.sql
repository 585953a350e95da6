-- The paper that each identifier other than arXiv's leads to. One that is contested leads to none but itself.
-- table: work.handles
-- grain: key
-- is_contested: whether several arXiv papers claim it, or it would join what must stay apart
WITH members AS (
    SELECT
        claims.key,
        coalesce(linked.component, claims.key) AS component,
        any_value(attached.papers) AS papers,
        any_value(attached.paper) AS paper
    FROM work.claims AS claims
    LEFT JOIN work.doi_groups AS linked ON claims.key = linked.node
    LEFT JOIN work.attached AS attached USING (key)
    WHERE claims.key NOT LIKE 'arxiv:%'
    GROUP BY ALL
),

parted AS (
    SELECT one.component
    FROM work.split AS split
    INNER JOIN members AS one ON split.one = one.key
    INNER JOIN members AS other ON split.other = other.key AND one.component = other.component
),

groups AS (
    SELECT component, count(DISTINCT paper) AS papers, min(paper) AS paper, component IN (SELECT component FROM parted) AS is_parted
    FROM members
    GROUP BY component
)

SELECT
    members.key,
    CASE
        WHEN members.papers > 1 THEN members.key
        WHEN groups.papers > 1 OR groups.is_parted THEN coalesce(members.paper, members.key)
        ELSE coalesce(groups.paper, groups.component)
    END AS node,
    coalesce(members.papers, 0) > 1 OR groups.papers > 1 OR groups.is_parted AS is_contested
FROM members
INNER JOIN groups USING (component)
