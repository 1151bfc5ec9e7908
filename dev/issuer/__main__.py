"""``python -m dev.issuer``."""

from dev.issuer.server import main

if __name__ == "__main__":
    main()
