-- Papers of each day's listings, ranked by readers' votes, then comments, then by place in the listing.
-- grain: observed_on, rank
-- observed_on: day of the listing
-- rank: 1 is first
-- paper_id: the paper
-- source: the listing
-- counted_upvotes: votes that the rank counts, its first figure: upvotes, of a spike those of the observation before
-- upvotes: votes at that time
-- comments: comments at that time, the second figure of the rank
-- position: place in the listing, the third
-- upvotes_gained: votes since the observation before, of the same source; null at the first
-- days: days since the observation before
-- usual_upvotes: votes a day from the first observation of the source to the one before
-- is_spike: ten or more votes a day since the observation before, and over five times the usual; null where that is not known
-- has_code: whether a repository link is known
-- repository_url: the repository that the paper names first of all, by the name that it has now; no figure of the rank
-- stars: its stars on that day or up to a fortnight before
-- stars_velocity: its stars a day then, see `mart.repository_series.velocity`
WITH votes AS (
    SELECT
        paper_id,
        source,
        observed_on,
        upvotes,
        lag(upvotes) OVER series AS p_upvotes,
        lag(observed_on) OVER series AS p_day,
        first_value(upvotes) OVER series AS first_upvotes,
        first_value(observed_on) OVER series AS first_day
    FROM (
        SELECT paper_id, source, observed_on, max(upvotes) AS upvotes
        FROM core.paper_observations
        WHERE upvotes IS NOT NULL
        GROUP BY paper_id, source, observed_on
    )
    WINDOW series AS (PARTITION BY paper_id, source ORDER BY observed_on)
),

paced AS (
    SELECT
        *,
        upvotes - p_upvotes AS upvotes_gained,
        observed_on - p_day AS days,
        CASE WHEN p_day > first_day THEN (p_upvotes - first_upvotes) / (p_day - first_day) END AS usual_upvotes
    FROM votes
),

best AS (
    SELECT observed_on, paper_id, source, upvotes, comments, position
    FROM core.paper_observations
    WHERE position IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY observed_on, paper_id
        ORDER BY upvotes DESC NULLS LAST, comments DESC NULLS LAST, position, source, dump_id, member, record_offset
    ) = 1
),

judged AS (
    SELECT
        best.*,
        paced.p_upvotes,
        paced.upvotes_gained,
        paced.days,
        paced.usual_upvotes,
        CASE WHEN paced.usual_upvotes IS NOT NULL THEN
            paced.upvotes_gained / paced.days >= 10
            AND paced.upvotes_gained / paced.days > 5 * greatest(paced.usual_upvotes, 0)
        END AS is_spike
    FROM best
    LEFT JOIN paced
        ON best.paper_id = paced.paper_id AND best.source = paced.source AND best.observed_on = paced.observed_on
),

code AS (
    SELECT
        links.paper_id,
        arg_min(
            coalesce(repositories.present_url, links.repository_url),
            (NOT coalesce(links.is_official, false), -links.confidence, links.url)
        ) AS repository_url
    FROM core.paper_links AS links
    INNER JOIN core.repositories AS repositories USING (repository_url)
    WHERE links.kind = 'repository'
    GROUP BY links.paper_id
),

starred AS (
    SELECT repository_url, observed_on, stars, velocity
    FROM mart.repository_series
    QUALIFY row_number() OVER (
        PARTITION BY repository_url, observed_on ORDER BY velocity IS NULL, observations DESC, source
    ) = 1
)

SELECT
    judged.observed_on,
    row_number() OVER (
        PARTITION BY judged.observed_on
        ORDER BY
            CASE WHEN judged.is_spike THEN judged.p_upvotes ELSE judged.upvotes END DESC NULLS LAST,
            judged.comments DESC NULLS LAST, judged.position, judged.paper_id
    ) AS rank,
    judged.paper_id,
    judged.source,
    CASE WHEN judged.is_spike THEN judged.p_upvotes ELSE judged.upvotes END AS counted_upvotes,
    judged.upvotes,
    judged.comments,
    judged.position,
    judged.upvotes_gained,
    judged.days,
    judged.usual_upvotes,
    judged.is_spike,
    statements.statement = 'linked' AS has_code,
    code.repository_url,
    CASE WHEN judged.observed_on - starred.observed_on <= 14 THEN starred.stars END AS stars,
    CASE WHEN judged.observed_on - starred.observed_on <= 14 THEN starred.velocity END AS stars_velocity
FROM judged
INNER JOIN core.code_statements AS statements USING (paper_id)
LEFT JOIN code USING (paper_id)
ASOF LEFT JOIN starred ON code.repository_url = starred.repository_url AND judged.observed_on >= starred.observed_on
