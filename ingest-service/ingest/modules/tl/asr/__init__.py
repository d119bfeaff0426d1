"""The ASR module (manual, section 7: transLectures Modules): what is done to any recogniser's captions before they are
stored. Phrases that nobody said go or are marked (`hallucinations`, from `loudness`, `phrases`, `loops`), and what is
left is cut for reading (`readable`). Files and models in and out; the systems themselves are elsewhere."""
