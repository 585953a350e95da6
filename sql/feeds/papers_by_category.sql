-- The twenty papers that were listed last in each category of enough papers.
-- grain: category, paper_id
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- one_for_each: category
-- feed_title: New papers in {}
-- entry_id: lasting name of the entry; that of the paper in every feed of new papers
-- category: subject category; those that ETL_FEED_PAPERS papers name, the most named ones up to ETL_FEEDS
-- paper_id: the paper
-- title: title on one line
-- url: where to read it
-- reason: that it names the category, and where it was seen first
-- evidence: the sentence that names its code
-- summary: its abstract
-- authors: names as listed
-- keywords: its three most telling keywords
-- repository_url: its code, if a link is known
-- related_titles: none
-- related_urls: none
-- entered_on: first day that we saw it listed
-- changed_on: last day that its first code link changed, else the same
WITH placed AS (
    SELECT DISTINCT papers.paper_id, papers.first_observed_on, papers.published_on, papers.primary_category, unnest(papers.categories) AS category
    FROM core.papers AS papers
),

chosen AS (
    SELECT category
    FROM placed
    GROUP BY category
    HAVING count(*) >= (SELECT support FROM temp.feed_limits)
    QUALIFY row_number() OVER (ORDER BY count(*) DESC, category) <= (SELECT feeds FROM temp.feed_limits)
),

newest AS (
    SELECT placed.category, placed.paper_id, placed.primary_category, placed.first_observed_on
    FROM placed
    INNER JOIN chosen USING (category)
    QUALIFY row_number() OVER (
        PARTITION BY placed.category
        ORDER BY placed.first_observed_on DESC, placed.published_on DESC NULLS LAST, placed.paper_id
    ) <= 20
)

SELECT
    'paper/' || described.entry_name AS entry_id,
    newest.category,
    newest.paper_id,
    described.title,
    described.url,
    CASE WHEN newest.category = newest.primary_category THEN 'Listed in ' ELSE 'Cross-listed in ' END || newest.category
    || '; first seen on ' || newest.first_observed_on || ', in ' || described.sources || coalesce('; published on ' || described.published_on, '') AS reason,
    described.evidence,
    described.abstract AS summary,
    described.authors,
    described.keywords,
    described.repository_url,
    NULL::VARCHAR[] AS related_titles,
    NULL::VARCHAR[] AS related_urls,
    newest.first_observed_on AS entered_on,
    greatest(newest.first_observed_on, described.linked_on) AS changed_on
FROM newest
INNER JOIN paper_cards((SELECT list(DISTINCT paper_id) FROM newest)) AS described USING (paper_id)
ORDER BY newest.category, newest.first_observed_on DESC, newest.paper_id
