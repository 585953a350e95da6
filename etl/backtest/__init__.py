"""Whether the ranking of emerging keywords can be believed: held against what came after, and against plain baselines.

`corpus.py` is who used which keyword when, `scores.py` ranks by what was known at a cut-off, `judgement.py` says who was
right and how sure that is, `study.py` puts them together, `charts.py` and `page.py` make the report.
"""
