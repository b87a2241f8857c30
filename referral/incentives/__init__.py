"""Who earns what for a referral that was won, kept in a ledger that an auditor can recompute."""
