"""What a phrase means: needs, who writes, who is concerned, danger, topics."""
