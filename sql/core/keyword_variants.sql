-- Variants of each changed keyword, and the papers that say each.
-- table: temp.keyword_variants
-- grain: keyword_number, phrase_number
SELECT
    keyword_number,
    phrase_number,
    own_number = keyword_number AS is_own,
    count(*) AS papers
FROM work.keyed
WHERE keyword_number IN (SELECT keyword_number FROM work.changed_keys)
GROUP BY ALL
