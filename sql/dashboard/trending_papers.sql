-- Papers of each day's listings, a hundred at most, with the figures of their rank.
-- grain: observed_on, rank
-- observed_on: day of the listing
-- rank: 1 is first
-- paper_number: the paper, see `papers`
-- source: the listing
-- upvotes: votes at that time, the first figure of the rank unless it is a spike
-- upvotes_gained: votes since the observation before, of the same source
-- days: days since the observation before
-- is_spike: far more votes a day than is usual for it
-- comments: comments at that time, the second
-- position: place in the listing, the third
-- previous_on: the day before on which it was listed
-- previous_rank: its rank on that day
-- keywords: its three most telling keywords
WITH moved AS (
    SELECT
        observed_on,
        rank,
        paper_id,
        source,
        upvotes,
        upvotes_gained,
        days,
        is_spike,
        comments,
        position,
        lag(observed_on) OVER earlier AS previous_on,
        lag(rank) OVER earlier AS previous_rank
    FROM mart.trending_papers
    WINDOW earlier AS (PARTITION BY paper_id ORDER BY observed_on)
),

telling AS (
    SELECT paper_id, list(keyword ORDER BY rank) AS keywords
    FROM core.paper_keywords
    INNER JOIN (SELECT DISTINCT paper_id FROM mart.trending_papers) AS listed USING (paper_id)
    WHERE rank <= 3
    GROUP BY paper_id
)

SELECT
    moved.observed_on,
    moved.rank,
    numbers.paper_number,
    moved.source,
    moved.upvotes,
    moved.upvotes_gained,
    moved.days,
    moved.is_spike,
    moved.comments,
    moved.position,
    moved.previous_on,
    moved.previous_rank,
    telling.keywords
FROM moved
INNER JOIN aside.paper_numbers AS numbers USING (paper_id)
LEFT JOIN telling USING (paper_id)
WHERE moved.rank <= 100
ORDER BY moved.observed_on, moved.rank
