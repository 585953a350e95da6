-- The hundred papers that were listed last, newest first.
-- grain: paper_id
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- feed_title: New papers
-- entry_id: lasting name of the entry
-- paper_id: the paper
-- title: title on one line
-- url: where to read it
-- reason: where it was seen first, and when it was published
-- evidence: the sentence that names its code
-- summary: its abstract
-- authors: names as listed
-- keywords: its three most telling keywords
-- repository_url: its code, if a link is known
-- related_titles: none
-- related_urls: none
-- first_observed_on: first day that we saw it listed
-- entered_on: the same
-- changed_on: last day that its first code link changed, else the same; a new version is no new paper
WITH newest AS (
    SELECT paper_id
    FROM core.papers
    ORDER BY first_observed_on DESC, published_on DESC NULLS LAST, paper_id
    LIMIT 100
)

SELECT
    'paper/' || entry_name AS entry_id,
    paper_id,
    title,
    url,
    'First seen on ' || first_observed_on || ', in ' || sources || coalesce('; published on ' || published_on, '') AS reason,
    evidence,
    abstract AS summary,
    authors,
    keywords,
    repository_url,
    NULL::VARCHAR[] AS related_titles,
    NULL::VARCHAR[] AS related_urls,
    first_observed_on,
    first_observed_on AS entered_on,
    greatest(first_observed_on, linked_on) AS changed_on
FROM paper_cards((SELECT list(paper_id) FROM newest))
ORDER BY first_observed_on DESC, paper_id
