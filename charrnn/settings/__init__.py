"""Settings: what each one is, its limits, its help; the configurations made of them."""
