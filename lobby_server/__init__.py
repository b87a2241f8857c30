"""The branch server: who came, what they need, whose turn it is."""
