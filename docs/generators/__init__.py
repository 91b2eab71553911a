"""Writers of the reference pages: each takes the model and returns a page."""
