"""What is in every session that is measured: what a shop keeps, about 250 bytes of JSON."""

SECRET = "a secret that is only good for measuring, 0123456789"
DATA: dict[str, object] = {
    "user_id": 4217,
    "name": "Ada Lovelace",
    "csrf_token": "Zk3uJmQxv8fYt2WnB7cRaL0eHsD5iGpo4Xy1TqK9wVE",
    "locale": "en_GB",
    "cart": [{"sku": "teapot-7", "quantity": 1}, {"sku": "cup-12", "quantity": 4}],
    "seen": "2030-01-01T12:00:00Z",
    "count": 1,
}
