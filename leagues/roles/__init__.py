"""What a learner is for: whom it meets, when it is frozen, and what happens then."""
