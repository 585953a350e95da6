-- Keywords that papers use together, for keywords of at least five papers and pairs of at least three.
-- grain: keyword_a, keyword_b
-- keyword_a: the first of the two in alphabetical order
-- keyword_b: the second of the two
-- papers: papers with both, dated or not
-- association: normalised pointwise mutual information, ln(c N / (a b)) / −ln(c / N) of c papers with both, a and b with either, N in all: -1 never, 0 by chance, 1 always together (Bouma 2009)
WITH supported AS (
    -- Numbers tell papers and keywords apart faster than their long names.
    SELECT papers.rowid AS paper_number, numbers.keyword_number
    FROM core.paper_keywords AS uses
    INNER JOIN core.keywords AS keywords USING (keyword)
    INNER JOIN work.keyword_numbers AS numbers USING (keyword)
    INNER JOIN core.papers AS papers USING (paper_id)
    WHERE keywords.papers >= 5
),

counted AS (
    SELECT a.keyword_number AS number_a, b.keyword_number AS number_b, count(*) AS papers
    FROM supported AS a
    INNER JOIN supported AS b ON a.paper_number = b.paper_number AND a.keyword_number < b.keyword_number
    GROUP BY a.keyword_number, b.keyword_number
    HAVING count(*) >= 3
),

named AS (
    SELECT numbers.keyword_number, keywords.keyword, keywords.papers
    FROM core.keywords AS keywords
    INNER JOIN work.keyword_numbers AS numbers USING (keyword)
),

total AS (
    SELECT count(*) AS papers_total FROM core.papers
)

SELECT
    a.keyword AS keyword_a,
    b.keyword AS keyword_b,
    counted.papers,
    CASE WHEN counted.papers = total.papers_total THEN 1.0
    ELSE round(ln(counted.papers * total.papers_total / (a.papers * b.papers)) / -ln(counted.papers / total.papers_total), 9)
    END AS association
FROM counted
INNER JOIN named AS a ON counted.number_a = a.keyword_number
INNER JOIN named AS b ON counted.number_b = b.keyword_number
CROSS JOIN total
