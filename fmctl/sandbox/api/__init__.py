"""The API, one file per resource; each exports its `ROUTES`."""
