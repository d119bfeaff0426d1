"""The Text Retrieval Module (manual, section 7): text about a lecture, and the terms in it for a recogniser.

Text out of slides and documents (`files`), out of pictures (`video`, `ocr`) and from the web (`web`, `program`); which
of its words and phrases are worth telling a recogniser (`candidates`, `rarity`, `terms`). Knows no database.
"""
