-- Papers that are new, or whose code is, since the day in the variable `since`, with what a digest says of them.
-- grain: paper_id
-- paper_id: the paper
-- title: title on one line
-- url: where to read it
-- authors: names as listed
-- abstract: its abstract
-- categories: its categories
-- keywords: its keywords, most telling first
-- upvotes: votes in a listing, the most that were seen
-- repository_url: its first repository, the authors' own before others
-- evidence: the sentence that names it
-- promised_on: day on which code was promised
-- days_to_code: days from the promise to the link
-- first_observed_on: first day that we saw it listed
-- linked_on: first day that we saw the link; null without one
-- is_news: whether we saw it first at most 90 days after it was published: older ones came with an archive
WITH news AS (
    SELECT paper_id
    FROM core.papers
    WHERE first_observed_on >= getvariable('since')::DATE AND (published_on IS NULL OR first_observed_on - published_on <= 90)
),

recent AS (
    SELECT paper_id FROM news
    UNION
    SELECT paper_id FROM core.paper_links WHERE kind = 'repository' AND first_observed_on >= getvariable('since')::DATE
),

code AS (
    SELECT
        paper_id,
        arg_min(repository_url, (NOT coalesce(is_official, false), -confidence, repository_url)) AS repository_url,
        arg_min(evidence, (NOT coalesce(is_official, false), -confidence, repository_url)) AS evidence,
        min(first_observed_on) AS linked_on
    FROM core.paper_links
    INNER JOIN recent USING (paper_id)
    WHERE kind = 'repository' AND is_official IS DISTINCT FROM false
    GROUP BY paper_id
),

votes AS (
    SELECT paper_id, max(upvotes) AS upvotes
    FROM core.paper_observations
    INNER JOIN recent USING (paper_id)
    WHERE upvotes IS NOT NULL
    GROUP BY paper_id
),

telling AS (
    SELECT paper_id, list(keyword ORDER BY rank) AS keywords
    FROM core.paper_keywords
    INNER JOIN recent USING (paper_id)
    GROUP BY paper_id
)

SELECT
    papers.paper_id,
    papers.title,
    CASE
        WHEN papers.arxiv_id IS NOT NULL THEN 'https://arxiv.org/abs/' || papers.arxiv_id
        WHEN papers.doi IS NOT NULL THEN 'https://doi.org/' || papers.doi
    END AS url,
    papers.authors,
    papers.abstract,
    papers.categories,
    telling.keywords,
    votes.upvotes,
    code.repository_url,
    code.evidence,
    promises.promised_on,
    promises.days_to_code,
    papers.first_observed_on,
    code.linked_on,
    news.paper_id IS NOT NULL AS is_news
FROM core.papers AS papers
INNER JOIN recent USING (paper_id)
LEFT JOIN news USING (paper_id)
LEFT JOIN code USING (paper_id)
LEFT JOIN votes USING (paper_id)
LEFT JOIN telling USING (paper_id)
LEFT JOIN mart.code_promises AS promises USING (paper_id)
