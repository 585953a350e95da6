-- The abstracts of papers that share a title.
-- table: work.abstracts
-- grain: title_key, node, abstract_key
SELECT DISTINCT nodes.title_key, nodes.node, affected.abstract_key
FROM work.nodes AS nodes
INNER JOIN work.affected AS affected USING (title_key)
LEFT JOIN work.strong AS strong USING (record_id)
WHERE affected.abstract_key IS NOT NULL AND coalesce(strong.node, affected.own_id) = nodes.node
