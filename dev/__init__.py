"""Development tools: local host, simulator, benchmarks. The product never imports them."""
