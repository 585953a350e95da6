-- The alias of a title fingerprint.
CREATE OR REPLACE MACRO title_alias(title_key) AS 'title:' || left(md5(title_key), 16)
