"""A referral from the moment it is heard to its end: who made it, who took it, what became of it, and by when."""
