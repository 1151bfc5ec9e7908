"""Files dropped into a container."""
