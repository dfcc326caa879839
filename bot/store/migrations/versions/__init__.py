"""The revisions, in order; each is written by hand for both databases and never changed once released."""
