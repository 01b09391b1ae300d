"""What people ask for and decide on the pool: requests, emergencies, reviews."""
