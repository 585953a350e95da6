-- Other spellings and short forms of keywords, where there are any.
-- grain: keyword
-- keyword: see `core.keywords`
-- variants: spellings seen
-- acronym: short form that most texts define for it
SELECT keyword, variants, acronym
FROM core.keywords
WHERE acronym IS NOT NULL OR len(variants) > 1
ORDER BY keyword
