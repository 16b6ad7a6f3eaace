"""Invalid traffic: what machines and farms did, by named rules in SQL, and the verdicts on events.

A rule is a file of `sql/invalid/`, which says in the comment on top of it since when it holds, with
which parameters, and why. A verdict is a row of `invalid_events`, never a change of an event.
"""
