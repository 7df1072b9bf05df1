"""Round trips between tacit and python-paillier; called by scripts/paillier-interop with the command and a folder."""

import json
import os
import random
import subprocess
import sys

from phe import paillier, util

TACIT, FOLDER = sys.argv[1], sys.argv[2]


def path(name):
    return os.path.join(FOLDER, name)


def tacit(*arguments):
    result = subprocess.run([TACIT, "paillier", *arguments], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"paillier-interop: {' '.join(arguments[:2])}: {result.stderr.strip()}")
    return result.stdout


def number(ciphertext):
    return {"v": str(ciphertext.ciphertext()), "e": ciphertext.exponent}


def read(key, item):
    return paillier.EncryptedNumber(key, int(item["v"]), int(item["e"]))


def save(name, value):
    with open(path(name), "w") as file:
        json.dump(value, file)


# Our key, their arithmetic.
tacit("keygen", "--bits", "2048", "--output", path("key.json"))
tacit("public", path("key.json"), "--output", path("pub.json"))
pub = json.load(open(path("pub.json")))
key = json.load(open(path("key.json")))
public = paillier.PaillierPublicKey(util.base64_to_int(pub["n"]))
private = paillier.PaillierPrivateKey(public, util.base64_to_int(key["p"]), util.base64_to_int(key["q"]))
integers = [0, 1, -1, 2**64, -(2**200), random.randint(-(10**50), 10**50)]
floats = [0.5, -2.25, 1e-9, 12345.678, -1e20]
save("theirs.json", [number(public.encrypt(value)) for value in integers + floats])
lines = tacit("decrypt", path("key.json"), path("theirs.json")).split()
assert [int(line) for line in lines[: len(integers)]] == integers
assert [float(line) for line in lines[len(integers) :]] == floats
tacit("encrypt", path("pub.json"), "--output", path("ours.json"), "--", *map(str, integers))
ours = [read(public, item) for item in json.load(open(path("ours.json")))]
assert [private.decrypt(item) for item in ours] == integers

# Sums over both.
save("again.json", [number(public.encrypt(value)) for value in integers])
tacit("add", path("pub.json"), path("ours.json"), path("again.json"), "--output", path("sum.json"))
sums = [read(public, item) for item in json.load(open(path("sum.json")))]
assert [private.decrypt(item) for item in sums] == [2 * value for value in integers]
save("product.json", [number(item * -3) for item in ours])
lines = tacit("decrypt", path("key.json"), path("product.json")).split()
assert [int(line) for line in lines] == [-3 * value for value in integers]

# Their key, our arithmetic.
public, private = paillier.generate_paillier_keypair(n_length=2048)
encode = util.int_to_base64
pub = {"kty": "DAJ", "alg": "PAI-GN1", "key_ops": ["encrypt"], "n": encode(public.n), "kid": "x"}
save("pub2.json", pub)
save("key2.json", {"kty": "DAJ", "key_ops": ["decrypt"], "p": encode(private.p), "q": encode(private.q), "pub": pub, "kid": "x"})
tacit("encrypt", path("pub2.json"), "--output", path("ours2.json"), "--", *map(str, integers))
assert [private.decrypt(read(public, item)) for item in json.load(open(path("ours2.json")))] == integers
lines = tacit("decrypt", path("key2.json"), path("ours2.json")).split()
assert [int(line) for line in lines] == integers
print("paillier-interop: python-paillier reads us and we read it: keys, integers, floats, sums, products")
