-- Keyphrases of the winning record of each touched paper.
-- table: work.phrases
-- grain: paper_id, phrase_key
-- rows: touched
SELECT winners.paper_id, staged.phrase, staged.phrase_key, staged.acronym, staged.rank, staged.score, staged.in_title
FROM work.winners AS winners
INNER JOIN staged.keyphrases AS staged USING (dump_id, member, record_offset)
WHERE winners.paper_id IN (SELECT paper_id FROM work.touched)
