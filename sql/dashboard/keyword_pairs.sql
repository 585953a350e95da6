-- Co-words: the keywords that papers of a keyword use most telling together with it, thirty at most.
-- grain: keyword, place
-- keyword: see `core.keywords`
-- place: 1 has the strongest association
-- other: the co-word
-- papers: papers with both
-- association: normalised pointwise mutual information, -1 to 1
WITH both_ways AS (
    SELECT keyword_a AS keyword, keyword_b AS other, papers, association FROM mart.keyword_pairs
    UNION ALL
    SELECT keyword_b AS keyword, keyword_a AS other, papers, association FROM mart.keyword_pairs
)

SELECT
    keyword,
    row_number() OVER (PARTITION BY keyword ORDER BY association DESC, papers DESC, other) AS place,
    other,
    papers,
    association
FROM both_ways
QUALIFY place <= 30
ORDER BY keyword, place
