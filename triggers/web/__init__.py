"""How a request becomes a call, and a call an answer."""
