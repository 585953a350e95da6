-- Keyphrases of each paper with the key of the keyword that they are a variant of; stop terms are left out.
-- table: work.uses
-- grain: paper_id, phrase
-- A short form goes by the paper's own definition, else by the configured synonyms, else by what most papers mean.
WITH meant AS (
    SELECT
        phrases.*,
        coalesce(phrases.defined_key, synonyms.keyword_key, meanings.long_key, phrases.phrase_key) AS meant_key
    FROM work.phrases AS phrases
    LEFT JOIN work.synonyms AS synonyms ON phrases.phrase_key = synonyms.term_key
    LEFT JOIN work.meanings AS meanings ON phrases.short_form = meanings.short_form
)

SELECT
    meant.paper_id,
    coalesce(synonyms.keyword_key, meant.meant_key) AS keyword_key,
    meant.phrase,
    meant.phrase_key,
    meant.rank,
    meant.score,
    meant.in_title
FROM meant
LEFT JOIN work.synonyms AS synonyms ON meant.meant_key = synonyms.term_key
WHERE meant.phrase_key NOT IN (SELECT term_key FROM work.stop_terms)
    AND coalesce(synonyms.keyword_key, meant.meant_key) NOT IN (SELECT term_key FROM work.stop_terms)
