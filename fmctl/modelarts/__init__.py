"""Everything that talks HTTP to ModelArts and IAM: client, signing, retries, errors. The only door to httpx."""
