"""One Graph, table or blob job each, safe to run twice."""
