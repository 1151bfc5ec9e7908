"""Azure Tables: keys, rows and the stores over them."""
