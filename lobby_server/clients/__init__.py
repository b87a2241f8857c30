"""Programs of head office that speak with the branch: which, for what, and by which token."""
