"""How achats is deployed: on one machine, in containers, and the decisions behind it."""
