"""`vsnd check`: does a backend, or a frontend, whoever wrote it, keep the rules of the wire?"""
