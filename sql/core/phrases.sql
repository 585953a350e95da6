-- Keyphrases of the winning record of each touched paper; a short form that it defines itself with the key of the long.
-- table: temp.phrases
-- grain: paper_id, phrase
SELECT
    winners.paper_id,
    staged.phrase,
    staged.phrase_key,
    staged.short_form,
    definitions.phrase_key AS defined_key,
    staged.rank,
    staged.score,
    staged.in_title
FROM work.winners AS winners
INNER JOIN staged.keyphrases AS staged USING (dump_id, member, record_offset)
LEFT JOIN work.definitions AS definitions
    ON winners.paper_id = definitions.paper_id AND staged.short_form = definitions.short_form
WHERE winners.paper_id IN (SELECT paper_id FROM work.touched)
