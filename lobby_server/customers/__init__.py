"""The customer as head office describes them: one record, its tier and its tags."""
