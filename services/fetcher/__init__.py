"""Reads Amazon Business and achats.booked.v1, says what was collected on achats.collected.v1 and who is connected; owns schema fetcher."""
