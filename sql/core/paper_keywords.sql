-- Keywords of each paper whose keywords change; of variants in one paper the best counts.
-- grain: paper_id, keyword
-- rows: paper_id in work.rekeyed_papers
WITH counted AS (
    SELECT
        paper_number,
        keyword_number,
        min(rank) AS rank,
        max(score) AS score,
        bool_or(in_title) AS in_title
    FROM work.keyed
    WHERE paper_number IN (SELECT paper_number FROM work.rekeyed)
    GROUP BY paper_number, keyword_number
)

SELECT papers.name AS paper_id, names.keyword, counted.rank, counted.score, counted.in_title
FROM counted
INNER JOIN work.keyword_names AS names USING (keyword_number)
INNER JOIN work.paper_numbers AS papers ON counted.paper_number = papers.number
