-- The hundred papers that were listed last, newest first.
-- grain: paper_id
-- formats: atom, json_feed
-- paper_id: the paper
-- title: title on one line
-- url: where to read it
-- summary: its abstract
-- authors: names as listed
-- keywords: its three most telling keywords
-- repository_url: its code, if a link is known
-- first_observed_on: first day that we saw it listed
-- changed_on: last day that its text or its first code link changed
WITH newest AS (
    SELECT paper_id, title, abstract, authors, arxiv_id, doi, updated_on, first_observed_on
    FROM core.papers
    ORDER BY first_observed_on DESC, published_on DESC NULLS LAST, paper_id
    LIMIT 100
),

telling AS (
    SELECT paper_id, list(keyword ORDER BY rank) AS keywords
    FROM core.paper_keywords
    WHERE rank <= 3
    GROUP BY paper_id
),

code AS (
    SELECT
        paper_id,
        arg_min(repository_url, (NOT coalesce(is_official, false), -confidence, repository_url)) AS repository_url,
        min(first_observed_on) AS linked_on
    FROM core.paper_links
    WHERE kind = 'repository'
    GROUP BY paper_id
)

SELECT
    newest.paper_id,
    newest.title,
    CASE
        WHEN newest.arxiv_id IS NOT NULL THEN 'https://arxiv.org/abs/' || newest.arxiv_id
        WHEN newest.doi IS NOT NULL THEN 'https://doi.org/' || newest.doi
    END AS url,
    newest.abstract AS summary,
    newest.authors,
    telling.keywords,
    code.repository_url,
    newest.first_observed_on,
    greatest(newest.first_observed_on, code.linked_on) AS changed_on
FROM newest
LEFT JOIN telling USING (paper_id)
LEFT JOIN code USING (paper_id)
ORDER BY newest.first_observed_on DESC, newest.paper_id
