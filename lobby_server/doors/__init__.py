"""What every HTTP door shares: who asks, what they may, how it is read, refused and answered."""
