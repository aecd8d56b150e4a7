"""The report: runs and their pictures as one HTML file that opens offline."""
