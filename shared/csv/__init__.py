"""CSV in and out, without I/O: bytes to text, text to rows with their lines, and cells that spreadsheets cannot run."""
