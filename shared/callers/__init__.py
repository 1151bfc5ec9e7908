"""How somebody proves who they are: by an API key, a bearer token, or the platform's sign-in header."""
