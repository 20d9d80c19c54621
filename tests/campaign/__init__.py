"""Campaigns: many cases of what must never happen, and a count of those that held.

`python -m tests.campaign` runs them, for an hour at most; docs/reliability.md says what they promise.
"""
