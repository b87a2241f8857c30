"""Bank card readers. The card's number never leaves their process."""
