"""The whole app on the real stack: Azurite, the simulator and hosts as processes of their own, HTTP all the way."""
