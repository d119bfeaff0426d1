"""The steps of the states: what to run, and what to look at when it has run. Each takes seconds and can run twice."""
