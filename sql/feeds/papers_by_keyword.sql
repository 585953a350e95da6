-- The twenty papers that were listed last with each keyword of enough papers.
-- grain: keyword, paper_id
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- one_for_each: keyword
-- feed_title: New papers on {}
-- entry_id: lasting name of the entry; that of the paper in every feed of new papers
-- keyword: see `core.keywords`; those that ETL_FEED_PAPERS papers use, the most used ones up to ETL_FEEDS
-- paper_id: the paper
-- title: title on one line
-- url: where to read it
-- reason: how the paper uses the keyword, and where it was seen first
-- evidence: the sentence that names its code
-- summary: its abstract
-- authors: names as listed
-- keywords: its three most telling keywords
-- repository_url: its code, if a link is known
-- related_titles: none
-- related_urls: none
-- entered_on: first day that we saw it listed
-- changed_on: last day that its first code link changed, else the same
WITH chosen AS (
    SELECT keyword
    FROM core.keywords
    WHERE papers >= (SELECT support FROM temp.feed_limits)
    QUALIFY row_number() OVER (ORDER BY papers DESC, keyword) <= (SELECT feeds FROM temp.feed_limits)
),

newest AS (
    SELECT used.keyword, used.paper_id, used.rank, used.in_title, papers.first_observed_on
    FROM core.paper_keywords AS used
    INNER JOIN chosen USING (keyword)
    INNER JOIN core.papers AS papers USING (paper_id)
    QUALIFY row_number() OVER (
        PARTITION BY used.keyword
        ORDER BY papers.first_observed_on DESC, papers.published_on DESC NULLS LAST, papers.paper_id
    ) <= 20
)

SELECT
    'paper/' || described.entry_name AS entry_id,
    newest.keyword,
    newest.paper_id,
    described.title,
    described.url,
    '“' || newest.keyword || '” is ' || CASE WHEN newest.in_title THEN 'in its title' ELSE 'number ' || newest.rank || ' of its keywords' END
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
ORDER BY newest.keyword, newest.first_observed_on DESC, newest.paper_id
