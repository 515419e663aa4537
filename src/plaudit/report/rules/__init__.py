"""Rules of the verdict: what figures allow to be claimed. One file a theme; each rule yields a few findings or none.

A rule says "better" or "worse" only where a whole 95% interval lies on one side of the line. Where the interval holds
the line, the finding is open; where there is no interval, that is what is said.
"""
