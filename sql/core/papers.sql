-- Papers, each a fold of all its records: title and abstract of the winner, each other column from the first record that has it.
-- grain: paper_id
-- rows: touched
-- The day of the first version is the earliest that those say who are believed most, records with an arXiv identifier
-- before others: a journal's day is not that of the preprint. Categories are arXiv's, where a record has them.
WITH days AS (
    SELECT dump_id, member, record_offset, max(observed_on) AS observed_on
    FROM work.sightings
    WHERE paper_id IN (SELECT paper_id FROM work.touched)
    GROUP BY ALL
),

ranked AS (
    SELECT
        records.paper_id,
        records.priority,
        staged.*,
        row_number() OVER (
            PARTITION BY records.paper_id
            ORDER BY
                records.abstract_hash IS NULL, records.priority, days.observed_on DESC, records.content_hash,
                records.dump_id, records.member, records.record_offset
        ) AS place,
        -- A paper cannot be published after it was seen, but for a day that time zones may make.
        staged.published_on <= max(days.observed_on) OVER (PARTITION BY records.paper_id) + 1 AS is_possible
    FROM work.records AS records
    INNER JOIN days USING (dump_id, member, record_offset)
    INNER JOIN staged.papers AS staged USING (dump_id, member, record_offset)
    WHERE records.paper_id IN (SELECT paper_id FROM work.touched)
),

observed AS (
    SELECT paper_id, min(observed_on) AS first_observed_on, max(observed_on) AS last_observed_on
    FROM work.sightings
    WHERE paper_id IN (SELECT paper_id FROM work.touched)
    GROUP BY paper_id
),

folded AS (
    SELECT
        paper_id,
        arg_min(title, place) AS title,
        arg_min(abstract, place) AS abstract,
        arg_min(authors, place) FILTER (len(authors) > 0) AS authors,
        arg_min(arxiv_id, ('arxiv:' || arxiv_id <> paper_id, place)) AS arxiv_id,
        arg_min(doi, ('doi:' || doi <> paper_id, place)) AS doi,
        arg_min(published_on, (arxiv_id IS NULL, priority, published_on)) FILTER (is_possible) AS published_on,
        arg_min(published_on, place) FILTER (NOT is_possible) AS stated_on,
        max(updated_on) AS updated_on,
        arg_min(coalesce(primary_category, categories[1]), (arxiv_id IS NULL, place)) AS primary_category,
        arg_min(CASE WHEN len(categories) > 0 THEN categories WHEN primary_category IS NOT NULL THEN [primary_category] END, (arxiv_id IS NULL, place)) AS categories,
        arg_min(venue, place) AS venue,
        arg_min(language, place) FILTER (place = 1) AS language
    FROM ranked
    GROUP BY paper_id
)

SELECT
    paper_id,
    title,
    abstract,
    authors,
    arxiv_id,
    doi,
    published_on,
    CASE WHEN published_on IS NULL THEN stated_on END AS stated_on,
    updated_on,
    primary_category,
    categories,
    venue,
    language,
    first_observed_on,
    last_observed_on
FROM folded
INNER JOIN observed USING (paper_id)
