"""Other tools' formats: results written for them, images of bone read from them."""
