-- What feeds show of papers, for a list of their identifiers: a row each. Only what these papers need is looked up.
-- entry_name is the name that readers know a paper by: the identifier under which it was published first, whatever became
-- known since. keywords are its three most telling ones. repository_url is the authors' own code rather than another, the
-- surer link rather than another, with the sentence that names it (an address alone is no evidence besides itself).
-- linked_on is the first day on which a repository link was seen, sources are those that listed it on the first day.
CREATE OR REPLACE MACRO paper_cards(ids) AS TABLE
WITH wanted AS (
    SELECT DISTINCT unnest(ids) AS paper_id
),

telling AS (
    SELECT used.paper_id, list(used.keyword ORDER BY used.rank, used.keyword) AS keywords
    FROM core.paper_keywords AS used
    WHERE used.rank <= 3 AND used.paper_id IN (SELECT paper_id FROM wanted)
    GROUP BY used.paper_id
),

code AS (
    SELECT
        links.paper_id,
        arg_min(
            struct_pack(repository_url := links.repository_url, evidence := nullif(links.evidence, links.url)),
            (NOT coalesce(links.is_official, false), -links.confidence, links.repository_url)
        ) AS best,
        min(links.first_observed_on) AS linked_on
    FROM core.paper_links AS links
    WHERE links.kind = 'repository' AND links.paper_id IN (SELECT paper_id FROM wanted)
    GROUP BY links.paper_id
),

sighted AS (
    SELECT seen.paper_id, seen.source
    FROM core.paper_observations AS seen
    INNER JOIN core.papers AS papers ON seen.paper_id = papers.paper_id AND seen.observed_on = papers.first_observed_on
    WHERE seen.paper_id IN (SELECT paper_id FROM wanted)
),

listed AS (
    SELECT sighted.paper_id, string_agg(DISTINCT titles.title, ', ' ORDER BY titles.title) AS sources
    FROM sighted
    INNER JOIN temp.source_titles AS titles USING (source)
    GROUP BY sighted.paper_id
)

SELECT
    papers.paper_id,
    coalesce(names.entry_name, papers.paper_id) AS entry_name,
    papers.title,
    paper_url(papers.arxiv_id, papers.doi) AS url,
    papers.abstract,
    papers.authors,
    papers.published_on,
    papers.first_observed_on,
    telling.keywords,
    code.best.repository_url AS repository_url,
    code.best.evidence AS evidence,
    code.linked_on,
    listed.sources
FROM core.papers AS papers
LEFT JOIN temp.entry_names AS names ON papers.paper_id = names.paper_id
LEFT JOIN telling ON papers.paper_id = telling.paper_id
LEFT JOIN code ON papers.paper_id = code.paper_id
LEFT JOIN listed ON papers.paper_id = listed.paper_id
WHERE papers.paper_id IN (SELECT paper_id FROM wanted)
