"""One recording or text over many jobs: what each gets of it (sound, terms, text), and all they made as one (whole)."""
