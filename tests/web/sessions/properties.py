"""How the properties of sessions are tried: a machine that is busy fails none of them."""

from hypothesis import HealthCheck, settings

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
