-- The paper of each record, and on what evidence it is not the one that the record alone would be.
-- table: work.identity
-- grain: record_id
-- Papers that titles would join stay apart where they hold two arXiv identifiers or DOIs that disagree, or an override parts them.
WITH members AS (
    SELECT node, component, CASE WHEN node LIKE 'arxiv:%' THEN 'arxiv' WHEN node LIKE 'doi:%' THEN 'doi' END AS kind
    FROM work.title_groups
),

parted AS (
    SELECT one.component
    FROM work.split AS split
    INNER JOIN members AS one ON split.one = one.node
    INNER JOIN members AS other ON split.other = other.node AND one.component = other.component
),

-- The DOIs of an arXiv paper, also those that others claim as well.
own_dois AS (
    SELECT DISTINCT papers.key AS node, others.key AS doi
    FROM work.claims AS papers
    INNER JOIN work.claims AS others USING (record_id)
    WHERE papers.key LIKE 'arxiv:%' AND others.key LIKE 'doi:%'
),

agreeing AS (
    SELECT
        members.component,
        count(*) FILTER (members.kind = 'arxiv') AS papers,
        count(*) FILTER (members.kind = 'doi') AS dois,
        min(members.node) FILTER (members.kind = 'doi') AS doi
    FROM members
    GROUP BY members.component
),

disagreeing AS (
    SELECT members.component
    FROM members
    INNER JOIN agreeing USING (component)
    INNER JOIN own_dois USING (node)
    WHERE agreeing.dois = 1
    GROUP BY members.component
    HAVING NOT bool_or(own_dois.doi = agreeing.doi)
),

joined AS (
    SELECT
        component,
        papers <= 1 AND dois <= 1
        AND component NOT IN (SELECT component FROM disagreeing)
        AND component NOT IN (SELECT component FROM parted) AS is_one
    FROM agreeing
),

placed AS (
    SELECT
        affected.record_id,
        affected.own_id,
        affected.title_key,
        coalesce(strong.node, affected.own_id) AS node,
        strong.node IS NOT NULL AS is_strong,
        coalesce(strong.is_overridden, false) AS is_overridden,
        members.component,
        joined.is_one
    FROM work.affected AS affected
    LEFT JOIN work.strong AS strong USING (record_id)
    LEFT JOIN members ON coalesce(strong.node, affected.own_id) = members.node
    LEFT JOIN joined USING (component)
),

-- What joined papers to others: of several, authors before the abstract before the title alone.
told AS (
    SELECT node, max(evidence) AS evidence
    FROM (
        SELECT one AS node, evidence FROM work.title_links
        UNION ALL
        SELECT other AS node, evidence FROM work.title_links
    )
    GROUP BY node
),

-- Records without strong identifiers that agree stay together also where those that they agree with disagree.
weak AS (
    SELECT component, title_key, min(node) AS node
    FROM placed
    WHERE NOT is_strong AND NOT is_one
    GROUP BY component, title_key
),

chosen AS (
    SELECT
        placed.record_id,
        placed.own_id,
        placed.node,
        placed.is_overridden,
        CASE WHEN placed.is_one THEN placed.component ELSE coalesce(weak.node, placed.node) END AS paper_id
    FROM placed
    LEFT JOIN weak ON NOT placed.is_strong AND placed.component = weak.component AND placed.title_key = weak.title_key
)

SELECT
    record_id,
    paper_id,
    CASE
        WHEN paper_id = own_id THEN NULL
        WHEN is_overridden THEN 'override'
        WHEN node <> own_id THEN 'doi'
        ELSE told.evidence
    END AS evidence
FROM chosen
LEFT JOIN told USING (node)
