"""What a customer probably needs, and why we think so."""
