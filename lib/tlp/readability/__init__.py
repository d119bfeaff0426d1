"""What people can read on a screen: how words become captions, and how the text of a caption becomes lines.

The rules are one set of numbers ([readability] of the configuration) for the services, the systems and the player.
Pure: no files but the lists of small words, no configuration. See docs/readability.md.
"""

from tlp.readability.cut import captions, segments
from tlp.readability.lines import broken
from tlp.readability.rules import Rules

__all__ = ["Rules", "broken", "captions", "segments"]
