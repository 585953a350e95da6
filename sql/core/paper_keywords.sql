-- Keywords of each paper whose keywords change; of variants in one paper the best counts.
-- grain: paper_id, keyword
-- rows: paper_id in work.rekeyed
SELECT
    uses.paper_id,
    names.keyword,
    min(uses.rank) AS rank,
    max(uses.score) AS score,
    bool_or(uses.in_title) AS in_title
FROM work.uses AS uses
INNER JOIN work.keyword_names AS names USING (keyword_key)
WHERE uses.paper_id IN (SELECT paper_id FROM work.rekeyed)
GROUP BY uses.paper_id, names.keyword
