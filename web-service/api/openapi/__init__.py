"""The OpenAPI 3.1 document: made from the route table, the parameters, and the answers that stand here as data.

An interface that is added needs nothing here but its answer, in `answers` or `session_answers`.
"""
