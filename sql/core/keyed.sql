-- Keyphrases of each paper with the number of the keyword that they are variants of; stop terms are left out.
-- table: work.keyed
-- grain: paper_number, phrase_number
-- A short form goes by the paper's own definition, else by the configured synonyms, else by what most papers mean.
WITH meant AS (
    SELECT
        uses.paper_number,
        uses.phrase_number,
        uses.own_number,
        coalesce(uses.defined_number, synonyms.keyword_number, meanings.long_number, uses.own_number) AS meant_number,
        uses.rank,
        uses.score,
        uses.in_title
    FROM work.uses AS uses
    LEFT JOIN work.synonyms AS synonyms ON uses.own_number = synonyms.term_number
    LEFT JOIN work.meanings AS meanings ON uses.short_form = meanings.short_form
)

SELECT
    meant.paper_number,
    meant.phrase_number,
    meant.own_number,
    coalesce(synonyms.keyword_number, meant.meant_number) AS keyword_number,
    meant.rank,
    meant.score,
    meant.in_title
FROM meant
LEFT JOIN work.synonyms AS synonyms ON meant.meant_number = synonyms.term_number
WHERE meant.own_number NOT IN (SELECT term_number FROM work.stop_terms)
    AND coalesce(synonyms.keyword_number, meant.meant_number) NOT IN (SELECT term_number FROM work.stop_terms)
