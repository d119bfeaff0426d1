"""Kokoro-82M as a TTS system: text → phonemes → samples, and the model prepared for this processor."""
