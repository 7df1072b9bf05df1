"""Speeds of python-paillier and HEU beside ours, a round for every line on standard input.

A line an operation: who, what, and seconds of five runs or why there are none, with tabs between; then "end".
"""

import sys
import time
from importlib.metadata import version

BITS = int(sys.argv[1])
subjects, absent = [], []

try:
    from phe import paillier, util

    public, private = paillier.generate_paillier_keypair(n_length=BITS)
    a, b = public.encrypt(123), public.encrypt(-456)
    a.ciphertext(), b.ciphertext()
    who = f"python-paillier {'with' if util.HAVE_GMP else 'without'} gmpy2 {version('phe')}"
    subjects += [
        (who, "encrypt", 2, lambda: public.encrypt(123456)),
        (who, "decrypt", 4, lambda: private.decrypt(a)),
        (who, "add", 200, lambda: a + b),
        (who, "multiply by 32 bits", 10, lambda: a * 4000000007),
    ]
except Exception as error:
    absent.append(("python-paillier", f"not installed ({type(error).__name__})"))

try:
    from heu import phe

    kit = phe.setup(phe.SchemaType.ZPaillier, BITS)
    encryptor, decryptor, evaluator = kit.encryptor(), kit.decryptor(), kit.evaluator()
    x = encryptor.encrypt_raw(123)
    who = "HEU ZPaillier " + version("sf-heu")
    subjects += [
        (who, "encrypt", 20, lambda: encryptor.encrypt_raw(123456)),
        (who, "decrypt", 4, lambda: decryptor.decrypt_raw(x)),
        (who, "add", 500, lambda: evaluator.add(x, x)),
    ]
except Exception as error:  # A wheel that does not fit this machine fails in its own ways.
    absent.append(("HEU", f"not installed ({type(error).__name__})"))

for _ in sys.stdin:
    for who, why in absent:
        print(f"{who}\tencrypt\t{why}")
    for who, what, count, body in subjects:
        times = []
        for _ in range(5):
            start = time.process_time()
            for _ in range(count):
                body()
            times.append((time.process_time() - start) / count)
        print(f"{who}\t{what}\t" + " ".join(f"{value:.9f}" for value in times))
    print("end", flush=True)
