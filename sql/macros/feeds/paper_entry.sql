-- What an entry about a paper holds besides its own columns. Each asks for one paper: only papers that are shown are looked up.
-- First its three most telling keywords.
CREATE OR REPLACE TEMP MACRO telling_keywords(id) AS (
    SELECT list(telling.keyword ORDER BY telling.rank, telling.keyword)
    FROM core.paper_keywords AS telling
    WHERE telling.paper_id = id AND telling.rank <= 3
);
-- Its code, if a link is known: the authors' own rather than another, the surer link rather than another. An address alone is
-- no evidence besides itself.
CREATE OR REPLACE TEMP MACRO best_code(id) AS (
    SELECT
        arg_min(
            struct_pack(repository_url := links.repository_url, evidence := nullif(links.evidence, links.url)),
            (NOT coalesce(links.is_official, false), -links.confidence, links.repository_url)
        )
    FROM core.paper_links AS links
    WHERE links.paper_id = id AND links.kind = 'repository'
);
CREATE OR REPLACE TEMP MACRO linked_on(id) AS (
    SELECT min(links.first_observed_on)
    FROM core.paper_links AS links
    WHERE links.paper_id = id AND links.kind = 'repository'
);
-- The name that readers know it by: the identifier under which it was published first, whatever became known since.
CREATE OR REPLACE TEMP MACRO entry_name(id) AS
    coalesce((SELECT names.entry_name FROM temp.entry_names AS names WHERE names.paper_id = id), id);
-- The sources that named it on a day.
CREATE OR REPLACE TEMP MACRO listed_in(id, day) AS (
    SELECT string_agg(DISTINCT titles.title, ', ' ORDER BY titles.title)
    FROM core.paper_observations AS seen
    INNER JOIN temp.source_titles AS titles USING (source)
    WHERE seen.paper_id = id AND seen.observed_on = day
);
