"""Pictures of the web page for the docs, made by going through it on the real stack."""
