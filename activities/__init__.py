"""One Graph, table or blob job each, safe to run twice: a body that takes its services, and a binding."""
