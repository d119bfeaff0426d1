"""The Apertium system's own code; nothing outside its folder imports it."""
