-- What overrides say of links of papers that are here: whatever a paper is called, it is one, and the latest line counts.
-- table: work.said_links
-- grain: paper_id, url_key
SELECT aliases.paper_id, said.url_key, said.action, said.url, said.kind, said.made_on, said.why
FROM work.link_overrides AS said
INNER JOIN core.paper_aliases AS aliases ON said.paper = aliases.alias
QUALIFY row_number() OVER (
    PARTITION BY aliases.paper_id, said.url_key
    ORDER BY said.made_on DESC, said.action DESC, said.why, said.url
) = 1
