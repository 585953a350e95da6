-- Keywords of each paper.
-- grain: paper_id, keyword
SELECT phrases.paper_id, names.keyword, phrases.rank, phrases.score, phrases.in_title
FROM work.phrases AS phrases
INNER JOIN work.keyword_names AS names USING (phrase_key)
