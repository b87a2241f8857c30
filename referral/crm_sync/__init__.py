"""The road to head office: an outbox beside the deeds, a courier that empties it, and the check that all arrived."""
