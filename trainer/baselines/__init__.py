"""Other ways to get from one photo to another; the report compares the model with them."""
