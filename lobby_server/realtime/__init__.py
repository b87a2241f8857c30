"""The wires: from a committed event to every screen that may hear it, in order, missing nothing."""
