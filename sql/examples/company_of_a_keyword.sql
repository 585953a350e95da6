-- Which keywords keep company with a keyword? `association` is 1 for those that never part, 0 for chance.
WITH company AS (
    SELECT keyword_a AS keyword, keyword_b AS other, papers, association FROM mart.keyword_pairs
    UNION ALL
    SELECT keyword_b AS keyword, keyword_a AS other, papers, association FROM mart.keyword_pairs
)

SELECT keyword, other, papers, association
FROM company
WHERE keyword = (SELECT keyword FROM company GROUP BY keyword ORDER BY sum(papers) DESC, keyword LIMIT 1)
ORDER BY association DESC, other
LIMIT 20
