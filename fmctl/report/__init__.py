"""Report: plans and outcomes as text and as JSON. Functions return strings; only ``cli`` prints."""
