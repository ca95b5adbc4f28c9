"""Prints a token of a user: python3 sign.py USER [admin]."""
import base64
import hashlib
import hmac
import json
import os
import sys
import time


def sign(user, admin=False, seconds=3600):
    """Returns a token that tells Parley who the caller is."""
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = {"sub": user, "admin": admin, "exp": int(time.time()) + seconds}
    signed = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(claims).encode())
    secret = os.environ["PARLEY_JWT_SECRET"].encode()
    signature = hmac.new(secret, signed, hashlib.sha256).digest()
    return (signed + b"." + encode(signature)).decode()


if __name__ == "__main__":
    print(sign(sys.argv[1], "admin" in sys.argv[2:]))
