"""The six verbs (idea 5), one file each: `ingest, normalise, validate, load, build, publish`."""
