"""A faithful simulator of Microsoft Graph tenants over HTTP; see README.md in this folder."""
