-- What spellings of one repository share: code hosts do not tell cases apart.
CREATE OR REPLACE MACRO repository_key(repository_url) AS lower(regexp_replace(repository_url, '^https?://', ''))
