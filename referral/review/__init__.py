"""What looks like gaming of incentives: found by rules, looked at by a person, and never deducted."""
