-- Every identifier of every record with each paper that it leads to.
-- table: work.aliases
-- grain: alias, paper_id
SELECT DISTINCT 'arxiv:' || arxiv_id AS alias, paper_id FROM work.records WHERE arxiv_id IS NOT NULL
UNION
SELECT DISTINCT 'doi:' || doi AS alias, paper_id FROM work.records WHERE doi IS NOT NULL
UNION
SELECT DISTINCT title_alias(title_key) AS alias, paper_id FROM work.records WHERE title_key IS NOT NULL
UNION
SELECT DISTINCT paper_id AS alias, paper_id FROM work.records
