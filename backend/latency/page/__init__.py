"""The report for people: one HTML file that opens anywhere, offline."""
