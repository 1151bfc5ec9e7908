"""Makes what is deployed, from the files that git knows and the built page (`make package`)."""
