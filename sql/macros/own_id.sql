-- What a record would be called if it were alone: by arXiv identifier, DOI, title with authors and year, or content.
CREATE OR REPLACE TEMP MACRO own_id(arxiv_id, doi, title_key, is_specific, author_key, year, content_hash) AS
    CASE
        WHEN arxiv_id IS NOT NULL THEN 'arxiv:' || arxiv_id
        WHEN doi IS NOT NULL THEN 'doi:' || doi
        WHEN title_key IS NULL OR (NOT is_specific AND author_key IS NULL) THEN 'text:' || left(content_hash, 16)
        WHEN author_key IS NULL THEN title_alias(title_key)
        ELSE title_alias(concat_ws('|', title_key, author_key, year))
    END;
-- The year in which arXiv gave an identifier.
CREATE OR REPLACE TEMP MACRO arxiv_year(arxiv_id) AS
    CASE WHEN regexp_extract(arxiv_id, '(\d{4})[.\d]', 1) >= '9000' THEN 1900 ELSE 2000 END
    + TRY_CAST(left(regexp_extract(arxiv_id, '(\d{4})[.\d]', 1), 2) AS INTEGER)
