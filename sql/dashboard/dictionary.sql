-- What the columns of the published database mean, in the words of its own comments.
-- grain: table_name, place
-- table_name: schema and name
-- place: place of the column in the table; 0 speaks of the table
-- column_name: name of the column; null for the table
-- type: DuckDB's type
-- meaning: what it says
WITH tables AS (
    SELECT schema_name || '.' || table_name AS table_name, 0 AS place, NULL AS column_name, NULL AS type, comment AS meaning
    FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name IN ('core', 'mart', 'ops')
    UNION ALL
    SELECT schema_name || '.' || view_name AS table_name, 0 AS place, NULL AS column_name, NULL AS type, comment AS meaning
    FROM duckdb_views()
    WHERE database_name = current_database() AND schema_name IN ('core', 'mart', 'ops')
),

columns AS (
    SELECT
        schema_name || '.' || table_name AS table_name,
        column_index AS place,
        column_name,
        data_type AS type,
        comment AS meaning
    FROM duckdb_columns()
    WHERE database_name = current_database() AND schema_name IN ('core', 'mart', 'ops')
)

SELECT table_name, place, column_name, type, meaning FROM tables
UNION ALL
SELECT table_name, place, column_name, type, meaning FROM columns
ORDER BY table_name, place
