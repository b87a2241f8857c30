"""Referrals, incentives and the road to head office: rooms to come, above the lobby."""
