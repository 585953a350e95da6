-- Where a paper can be read.
CREATE OR REPLACE MACRO paper_url(arxiv_id, doi) AS
    CASE
        WHEN arxiv_id IS NOT NULL THEN 'https://arxiv.org/abs/' || arxiv_id
        WHEN doi IS NOT NULL THEN 'https://doi.org/' || doi
    END
