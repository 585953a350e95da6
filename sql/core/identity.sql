-- The paper that each record belongs to, computed from identifiers alone, so that no order of arrival matters.
-- table: work.identity
-- grain: dump_id, member, record_offset
-- An arXiv identifier is the strongest. A DOI belongs to the one arXiv paper that carries it; carried by two, it joins neither.
-- A title that is specific enough joins records without either to the one paper that has it, and a paper known by DOI
-- to the one known by arXiv identifier, if no other claims it.
WITH dois AS (
    SELECT doi, count(DISTINCT arxiv_id) AS arxiv_ids, min(arxiv_id) AS arxiv_id
    FROM work.records
    WHERE doi IS NOT NULL
    GROUP BY doi
),

strong AS (
    SELECT
        records.dump_id,
        records.member,
        records.record_offset,
        records.doi,
        records.title_key,
        records.content_hash,
        CASE
            WHEN records.arxiv_id IS NOT NULL THEN 'arxiv:' || records.arxiv_id
            WHEN dois.arxiv_ids = 1 THEN 'arxiv:' || dois.arxiv_id
            WHEN records.doi IS NOT NULL THEN 'doi:' || records.doi
        END AS strong_key
    FROM work.records AS records
    LEFT JOIN dois ON records.doi = dois.doi
),

titles AS (
    SELECT title_key, count(DISTINCT strong_key) AS strong_keys, min(strong_key) AS first_key, max(strong_key) AS last_key
    FROM strong
    WHERE title_key IS NOT NULL
    GROUP BY title_key
),

with_doi AS (
    SELECT DISTINCT strong_key
    FROM strong
    WHERE strong_key LIKE 'arxiv:%' AND doi IS NOT NULL
),

pairs AS (
    SELECT DISTINCT first_key AS arxiv_key, last_key AS doi_key
    FROM titles
    WHERE strong_keys = 2 AND first_key LIKE 'arxiv:%' AND last_key LIKE 'doi:%'
        AND first_key NOT IN (SELECT strong_key FROM with_doi)
),

bridges AS (
    SELECT arxiv_key, doi_key
    FROM pairs
    QUALIFY count(*) OVER (PARTITION BY arxiv_key) = 1 AND count(*) OVER (PARTITION BY doi_key) = 1
),

joined_titles AS (
    SELECT
        titles.title_key,
        CASE
            WHEN titles.strong_keys = 1 THEN coalesce(single.arxiv_key, titles.first_key)
            WHEN titles.strong_keys = 2 AND bridges.arxiv_key = titles.first_key THEN titles.first_key
        END AS paper_id
    FROM titles
    LEFT JOIN bridges AS single ON titles.first_key = single.doi_key
    LEFT JOIN bridges ON titles.last_key = bridges.doi_key
)

SELECT
    strong.dump_id,
    strong.member,
    strong.record_offset,
    CASE
        WHEN strong.strong_key IS NOT NULL THEN coalesce(bridges.arxiv_key, strong.strong_key)
        WHEN strong.title_key IS NULL THEN 'text:' || left(strong.content_hash, 16)
        ELSE coalesce(joined_titles.paper_id, title_alias(strong.title_key))
    END AS paper_id
FROM strong
LEFT JOIN bridges ON strong.strong_key = bridges.doi_key
LEFT JOIN joined_titles ON strong.title_key = joined_titles.title_key
