-- Short forms that the winning record of each touched paper defines.
-- table: work.definitions
-- grain: paper_id, short_form
-- rows: touched
SELECT winners.paper_id, staged.short_form, staged.phrase, staged.phrase_key
FROM work.winners AS winners
INNER JOIN staged.definitions AS staged USING (dump_id, member, record_offset)
WHERE winners.paper_id IN (SELECT paper_id FROM work.touched)
