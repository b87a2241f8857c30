"""The ground floor: clock, ids, money, database, work, event log, due deeds, audit, errors, settings."""
