"""The app: every blueprint registered, and nothing else."""

import azure.durable_functions as df

import activities
import orchestrators
import triggers

app = df.DFApp()
for blueprint in (*triggers.BLUEPRINTS, *orchestrators.BLUEPRINTS, *activities.BLUEPRINTS):
    app.register_functions(blueprint)
