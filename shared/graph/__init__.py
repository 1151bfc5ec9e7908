"""Microsoft Graph behind one port."""
