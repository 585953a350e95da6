-- Papers of each day's listings, ranked by readers' votes, then by place in the listing.
-- grain: observed_on, rank
-- observed_on: day of the listing
-- rank: 1 is first
-- paper_id: the paper
-- source: the listing
-- upvotes: votes at that time, the first figure of the rank
-- comments: comments at that time, the second
-- position: place in the listing, the third
-- has_code: whether a repository link is known
WITH best AS (
    SELECT observed_on, paper_id, source, upvotes, comments, position
    FROM core.paper_observations
    WHERE position IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY observed_on, paper_id
        ORDER BY upvotes DESC NULLS LAST, comments DESC NULLS LAST, position, source, dump_id, record_offset
    ) = 1
)

SELECT
    best.observed_on,
    row_number() OVER (
        PARTITION BY best.observed_on
        ORDER BY best.upvotes DESC NULLS LAST, best.comments DESC NULLS LAST, best.position, best.paper_id
    ) AS rank,
    best.paper_id,
    best.source,
    best.upvotes,
    best.comments,
    best.position,
    statements.statement = 'linked' AS has_code
FROM best
INNER JOIN core.code_statements AS statements USING (paper_id)
