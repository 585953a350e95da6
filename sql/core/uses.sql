-- The same by number: papers, phrases and keys are long texts, and there are millions of rows to count and to join.
-- table: work.uses
-- grain: paper_number, phrase_number
-- rows: paper_number in work.touched_numbers
SELECT
    papers.number AS paper_number,
    spelled.number AS phrase_number,
    own.number AS own_number,
    defined.number AS defined_number,
    phrases.short_form,
    phrases.rank::UTINYINT AS rank,
    phrases.score,
    phrases.in_title
FROM temp.phrases AS phrases
INNER JOIN work.paper_numbers AS papers ON phrases.paper_id = papers.name
INNER JOIN work.phrase_numbers AS spelled ON phrases.phrase = spelled.name
INNER JOIN work.key_numbers AS own ON phrases.phrase_key = own.name
LEFT JOIN work.key_numbers AS defined ON phrases.defined_key = defined.name
