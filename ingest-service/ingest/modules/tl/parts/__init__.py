"""One recording or text over many jobs: what each gets of it (sound, text), and what they made as one again (whole)."""
