-- Every identifier of the records of touched papers, with each paper that it leads to.
-- table: work.aliases
-- grain: alias, paper_id
WITH records AS (
    SELECT record_id, arxiv_id, title_key, is_specific, own_id, paper_id
    FROM work.records
    WHERE paper_id IN (SELECT paper_id FROM work.touched)
)

SELECT DISTINCT 'arxiv:' || arxiv_id AS alias, paper_id FROM records WHERE arxiv_id IS NOT NULL
UNION
SELECT DISTINCT 'doi:' || dois.doi AS alias, records.paper_id FROM records INNER JOIN work.dois AS dois USING (record_id)
UNION
SELECT DISTINCT title_alias(title_key) AS alias, paper_id FROM records WHERE title_key IS NOT NULL AND is_specific
UNION
SELECT DISTINCT own_id AS alias, paper_id FROM records
UNION
SELECT DISTINCT paper_id AS alias, paper_id FROM records
