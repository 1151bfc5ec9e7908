"""A small app that uses each feature the development host serves; its tests drive it over HTTP."""

import azure.durable_functions as df
import azure.functions as func
from durable_parts import durable
from trigger_parts import triggers

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(durable)
app.register_functions(triggers)
