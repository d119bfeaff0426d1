"""The only SQL of the project: one module a noun, each statement a literal in the function that runs it.

Functions take a cursor (rows as dicts) and never commit: a transaction belongs to the request or the move around it.
"""
