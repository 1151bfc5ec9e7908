"""A thin development host: serves a Functions app on this machine, without Azure; see README.md in this folder."""
