"""What arrives from tracking providers: how it is fetched, recognised and decoded."""
