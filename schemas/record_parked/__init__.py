"""record.parked: why a record stands on a parked topic; it travels as the header `achats-parked` beside the untouched record."""
