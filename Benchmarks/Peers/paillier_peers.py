"""Speeds of python-paillier and HEU beside ours: one line an operation, name, tab, seconds of five runs."""

import sys
import time

BITS = int(sys.argv[1])


def measure(name, count, body):
    times = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(count):
            body()
        times.append((time.process_time() - start) / count)
    print(name + "\t" + " ".join(f"{value:.9f}" for value in times), flush=True)


try:
    from phe import paillier, util

    public, private = paillier.generate_paillier_keypair(n_length=BITS)
    a, b = public.encrypt(123), public.encrypt(-456)
    a.ciphertext(), b.ciphertext()
    label = "python-paillier with gmpy2" if util.HAVE_GMP else "python-paillier without gmpy2"
    measure(f"{label}: encrypt", 2, lambda: public.encrypt(123456))
    measure(f"{label}: decrypt", 4, lambda: private.decrypt(a))
    measure(f"{label}: add", 200, lambda: a + b)
    measure(f"{label}: multiply by 32 bits", 10, lambda: a * 4000000007)
except ImportError:
    print("python-paillier: not installed", file=sys.stderr)

try:
    from heu import phe

    kit = phe.setup(phe.SchemaType.ZPaillier, BITS)
    encryptor, decryptor, evaluator = kit.encryptor(), kit.decryptor(), kit.evaluator()
    x = encryptor.encrypt_raw(123)
    measure("HEU ZPaillier: encrypt", 20, lambda: encryptor.encrypt_raw(123456))
    measure("HEU ZPaillier: decrypt", 4, lambda: decryptor.decrypt_raw(x))
    measure("HEU ZPaillier: add", 500, lambda: evaluator.add(x, x))
except Exception as error:  # A wheel that does not fit this machine fails in its own ways.
    print(f"HEU: not measured ({type(error).__name__}: {error})", file=sys.stderr)
