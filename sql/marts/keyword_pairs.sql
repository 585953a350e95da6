-- Keywords that papers use together, for pairs of at least three papers.
-- grain: keyword_a, keyword_b
-- keyword_a: the first of the two in alphabetical order
-- keyword_b: the second of the two
-- papers: papers with both
-- association: normalised pointwise mutual information, -1 to 1 (Bouma 2009)
WITH supported AS (
    SELECT paper_id, keyword, keywords.papers
    FROM core.paper_keywords
    INNER JOIN core.keywords AS keywords USING (keyword)
    WHERE keywords.papers >= 5
),

pairs AS (
    SELECT
        a.keyword AS keyword_a,
        b.keyword AS keyword_b,
        any_value(a.papers) AS papers_a,
        any_value(b.papers) AS papers_b,
        count(*) AS papers
    FROM supported AS a
    INNER JOIN supported AS b ON a.paper_id = b.paper_id AND a.keyword < b.keyword
    GROUP BY a.keyword, b.keyword
    HAVING count(*) >= 3
),

total AS (
    SELECT count(*) AS papers_total FROM core.papers
)

SELECT
    pairs.keyword_a,
    pairs.keyword_b,
    pairs.papers,
    CASE WHEN pairs.papers = total.papers_total THEN 1.0
    ELSE round(ln(pairs.papers * total.papers_total / (pairs.papers_a * pairs.papers_b)) / -ln(pairs.papers / total.papers_total), 9)
    END AS association
FROM pairs
CROSS JOIN total
