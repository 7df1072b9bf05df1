#!/usr/bin/env python3
"""Values of δ(ε) for one and two steps of a Poisson-sampled Gaussian, by plain quadrature in 40 digits.

Nothing here uses a transform or a grid: one step is the closed form in normal tails, two steps are one integral of that
closed form. The output is what Tests/PrivacyAccountingTests/LossDistributionOracleTests.swift holds.

usage: accounting-oracle.py   (needs mpmath)
"""
import mpmath as mp

mp.mp.dps = 40
Q = lambda x: mp.erfc(x / mp.sqrt(2)) / 2


def one(direction, q, mu, eps):
    """δ(ε) of one step, ε of either sign."""
    if direction == "remove":
        inside = (mp.exp(eps) - 1 + q) / q
        if inside <= 0:
            return 1 - mp.exp(eps)
        x = (mp.log(inside) + mu * mu / 2) / mu
        return (1 - q) * Q(x) + q * Q(x - mu) - mp.exp(eps) * Q(x)
    inside = (mp.exp(-eps) - 1 + q) / q
    if inside <= 0:
        return mp.mpf(0)
    x = (mp.log(inside) + mu * mu / 2) / mu
    return (1 - Q(x)) - mp.exp(eps) * ((1 - q) * (1 - Q(x)) + q * (1 - Q(x - mu)))


def two(direction, q, mu, eps):
    ratio = lambda x: mp.log(1 - q + q * mp.exp(mu * x - mu * mu / 2))

    def f(x):
        if direction == "remove":
            weight = (1 - q) * mp.npdf(x) + q * mp.npdf(x - mu)
            return weight * one(direction, q, mu, eps - ratio(x))
        return mp.npdf(x) * one(direction, q, mu, eps + ratio(x))

    # The second step changes form where its ε reaches ln(1 − q) or −ln(1 − q); quadrature splits there.
    cuts = [mp.mpf(c) for c in range(-26, 33, 2)]
    edge = mp.log(1 - q)
    for target in (eps - edge, -(eps + edge)):
        inside = (mp.exp(target) - 1 + q) / q
        if inside > 0:
            cuts.append((mp.log(inside) + mu * mu / 2) / mu)
    return mp.quad(f, sorted(cuts))


for q, sigma, eps in [
    ("0.01", "1", "0.5"), ("0.01", "1", "2"), ("0.1", "0.8", "1"), ("0.1", "0.8", "5"), ("0.5", "2", "0.25"),
    ("0.5", "2", "4"), ("0.9", "4", "1"), ("0.001", "0.6", "3"),
]:
    for direction in ("remove", "add"):
        mu = 1 / mp.mpf(sigma)
        a = one(direction, mp.mpf(q), mu, mp.mpf(eps))
        b = two(direction, mp.mpf(q), mu, mp.mpf(eps))
        print(f'("{q}", "{sigma}", "{eps}", "{direction}", {mp.nstr(a, 17)}, {mp.nstr(b, 17)}),')
