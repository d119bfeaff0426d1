"""Speech recognition with Whisper: the audio (recording), where it is cut (pieces), what is heard (recogniser),
when exactly (words), how it is shown (readable), and all of it together (transcribe)."""
