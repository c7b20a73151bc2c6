"""The input for Microsoft 365: the Office 365 Management Activity API.

Source of its facts: Microsoft's "Office 365 Management Activity API reference" and its
troubleshooting page, "Microsoft identity platform and the OAuth 2.0 client credentials flow".
"""
