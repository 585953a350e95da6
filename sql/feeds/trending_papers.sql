-- Papers of the last seven days of listings, the latest list first, each where it stood last; a move in rank changes an entry.
-- grain: paper_id
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- feed_title: Trending papers
-- entry_id: lasting name of the entry
-- paper_id: the paper
-- title: title on one line
-- url: where to read it
-- reason: rank, move and votes on the day of the last move
-- evidence: the sentence that names its code
-- summary: its abstract
-- authors: names as listed
-- keywords: its three most telling keywords
-- repository_url: its code, if a link is known
-- related_titles: none
-- related_urls: none
-- listed_on: last day on which it was listed
-- rank: its place on that day
-- previous_rank: its place before it had this one; null where it came in
-- upvotes: votes on the day of the last move
-- entered_on: first day on which it was listed
-- changed_on: day of the last move in rank, or of its first code link
WITH days AS (
    SELECT observed_on, row_number() OVER (ORDER BY observed_on) AS day
    FROM (SELECT DISTINCT observed_on FROM mart.trending_papers)
),

shown AS (
    SELECT DISTINCT trending.paper_id
    FROM mart.trending_papers AS trending
    INNER JOIN days USING (observed_on)
    WHERE days.day > (SELECT max(day) FROM days) - 7
),

stands AS (
    SELECT
        trending.paper_id,
        trending.observed_on,
        trending.rank,
        trending.upvotes,
        days.day,
        lag(trending.rank) OVER before AS previous_rank,
        lag(trending.observed_on) OVER before AS previous_on,
        lag(days.day) OVER before AS previous_day
    FROM mart.trending_papers AS trending
    INNER JOIN shown USING (paper_id)
    INNER JOIN days USING (observed_on)
    WINDOW before AS (PARTITION BY trending.paper_id ORDER BY trending.observed_on)
),

moved AS (
    SELECT
        paper_id,
        max(observed_on) AS listed_on,
        min(observed_on) AS entered_on,
        arg_max(rank, observed_on) AS rank,
        max(observed_on) FILTER (previous_rank IS DISTINCT FROM rank OR previous_day <> day - 1) AS moved_on
    FROM stands
    GROUP BY paper_id
    ORDER BY listed_on DESC, rank, paper_id
    LIMIT 100
)

SELECT
    'trending/' || papers.entry_name AS entry_id,
    papers.paper_id,
    papers.title,
    papers.url,
    CASE
        WHEN stands.previous_rank IS NULL THEN 'New in the list of ' || moved.moved_on || ' at rank ' || moved.rank
        WHEN stands.previous_day < stands.day - 1
            THEN 'Back in the list of ' || moved.moved_on || ' at rank ' || moved.rank || ', after rank ' || stands.previous_rank || ' on ' || stands.previous_on
        ELSE 'Rank ' || moved.rank || ' on ' || moved.moved_on
            || CASE WHEN moved.rank < stands.previous_rank THEN ', up from ' ELSE ', down from ' END || stands.previous_rank || ' on ' || stands.previous_on
    END || coalesce(', ' || stands.upvotes || CASE stands.upvotes WHEN 1 THEN ' vote' ELSE ' votes' END, '') AS reason,
    papers.evidence,
    papers.abstract AS summary,
    papers.authors,
    papers.keywords,
    papers.repository_url,
    NULL::VARCHAR[] AS related_titles,
    NULL::VARCHAR[] AS related_urls,
    moved.listed_on,
    moved.rank,
    stands.previous_rank,
    stands.upvotes,
    moved.entered_on,
    greatest(moved.moved_on, papers.linked_on) AS changed_on
FROM moved
INNER JOIN stands ON moved.paper_id = stands.paper_id AND moved.moved_on = stands.observed_on
INNER JOIN paper_cards((SELECT list(paper_id) FROM moved)) AS papers ON moved.paper_id = papers.paper_id
ORDER BY moved.listed_on DESC, moved.rank, papers.paper_id
