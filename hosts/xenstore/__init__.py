"""The xenstore itself, pure: a tree of values, who may touch it, transactions, watches, and what requests mean."""
