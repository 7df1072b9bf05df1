"""Rounds of the FedAvg paper's 2NN by what people use today, for benchmark-federated --python.

Asked for a round by a line on standard input, every peer does one and writes who, what, seconds and processor
seconds with tabs between; a peer that cannot run writes who, what and why. Then "end". Ten of a hundred clients of 600 examples, one
epoch, batches of 10, rate 0.1; two threads or two processes each. The data are random with MNIST's share of zeros.
"""

import multiprocessing
import os
import resource
import sys
import time

BATCH, CLIENTS, SIZE, RATE = 10, 10, 600, 0.1
WIDTHS = (784, 200, 200, 10)
# Standard output belongs to the answers; what packages print goes elsewhere.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def examples(numpy):
    draws = numpy.random.default_rng(1)
    features = draws.random((CLIENTS * SIZE, 784), dtype=numpy.float32)
    features[draws.random(features.shape) < 0.81] = 0
    return features, draws.integers(0, 10, CLIENTS * SIZE)


def initial(numpy):
    draws = numpy.random.default_rng(2)
    weights = []
    for rows, columns in zip(WIDTHS, WIDTHS[1:]):
        bound = (6 / rows) ** 0.5
        weights.append(draws.uniform(-bound, bound, (rows, columns)).astype(numpy.float32))
        weights.append(numpy.zeros(columns, numpy.float32))
    return weights


def numpy_peer():
    """Five clients in each of two processes, by matrix products of numpy; one thread each."""
    import numpy

    features, labels = examples(numpy)
    start = initial(numpy)

    def train(client):
        w1, b1, w2, b2, w3, b3 = [part.copy() for part in start]
        order = numpy.random.permutation(SIZE) + client * SIZE
        for at in range(0, SIZE, BATCH):
            rows = order[at : at + BATCH]
            x = features[rows]
            h1 = numpy.maximum(x @ w1 + b1, 0)
            h2 = numpy.maximum(h1 @ w2 + b2, 0)
            z = h2 @ w3 + b3
            e = numpy.exp(z - z.max(1, keepdims=True))
            d3 = e / e.sum(1, keepdims=True)
            d3[numpy.arange(len(rows)), labels[rows]] -= 1
            d3 *= RATE / len(rows)
            d2 = (d3 @ w3.T) * (h2 > 0)
            d1 = (d2 @ w2.T) * (h1 > 0)
            w3 -= h2.T @ d3
            b3 -= d3.sum(0)
            w2 -= h1.T @ d2
            b2 -= d2.sum(0)
            w1 -= x.T @ d1
            b1 -= d1.sum(0)
        return [after - before for after, before in zip((w1, b1, w2, b2, w3, b3), start)]

    def half(clients, pipe):
        while pipe.recv():
            total = [numpy.zeros_like(part) for part in start]
            for client in clients:
                for sum_, part in zip(total, train(client)):
                    sum_ += part
            pipe.send((total, time.process_time()))

    context = multiprocessing.get_context("fork")
    pipes = []
    for clients in (range(0, 5), range(5, 10)):
        ours, theirs = context.Pipe()
        context.Process(target=half, args=(clients, theirs), daemon=True).start()
        pipes.append(ours)
    spent = [0.0]

    def one_round():
        for pipe in pipes:
            pipe.send(True)
        parts = [pipe.recv() for pipe in pipes]
        for index, part in enumerate(start):
            part += (parts[0][0][index] + parts[1][0][index]) / CLIENTS
        # What the two processes used lies outside of this one's clock.
        used = sum(part[1] for part in parts)
        more, spent[0] = used - spent[0], used
        return more

    return f"numpy {numpy.__version__}", "2NN, 10 of 100 clients, a loop in two processes", one_round


def module(torch):
    class TwoLayers(torch.nn.Module):
        def __init__(self):
            super().__init__()
            layers = []
            for rows, columns in zip(WIDTHS, WIDTHS[1:]):
                layers += [torch.nn.Linear(rows, columns), torch.nn.ReLU()]
            self.layers = torch.nn.Sequential(*layers[:-1])

        def forward(self, x):
            return self.layers(x)

        def loss(self, x, y, eval=False):
            return torch.nn.functional.cross_entropy(self.layers(x), y)

        def metrics(self, x, y, eval=False):
            return {}

    return TwoLayers()


def torch_peer():
    import numpy
    import torch

    torch.set_num_threads(2)
    features, labels = examples(numpy)
    features, labels = torch.from_numpy(features), torch.from_numpy(labels)
    server = module(torch)
    local = module(torch)

    def one_round():
        sums = [torch.zeros_like(part) for part in server.parameters()]
        for client in range(CLIENTS):
            local.load_state_dict(server.state_dict())
            optimizer = torch.optim.SGD(local.parameters(), lr=RATE)
            order = torch.randperm(SIZE) + client * SIZE
            for at in range(0, SIZE, BATCH):
                rows = order[at : at + BATCH]
                optimizer.zero_grad()
                local.loss(features[rows], labels[rows]).backward()
                optimizer.step()
            with torch.no_grad():
                for sum_, after in zip(sums, local.parameters()):
                    sum_ += after
        with torch.no_grad():
            for part, sum_ in zip(server.parameters(), sums):
                part.copy_(sum_ / CLIENTS)

    return f"PyTorch {torch.__version__.split('+')[0]}", "2NN, 10 of 100 clients, a bare loop, 2 threads", one_round


def pfl_peer():
    import numpy
    import torch
    from pfl.aggregate.simulate import SimulatedBackend
    from pfl.algorithm.base import NNAlgorithmParams
    from pfl.algorithm.federated_averaging import FederatedAveraging
    from pfl.data.dataset import Dataset
    from pfl.data.federated_dataset import FederatedDataset
    from pfl.data.sampling import get_user_sampler
    from pfl.hyperparam import NNEvalHyperParams, NNTrainHyperParams
    from pfl.model.pytorch import PyTorchModel
    import importlib.metadata

    features, labels = examples(numpy)
    tensors = [
        (torch.from_numpy(features[c * SIZE : (c + 1) * SIZE]), torch.from_numpy(labels[c * SIZE : (c + 1) * SIZE]))
        for c in range(CLIENTS)
    ]
    users = FederatedDataset(
        lambda user: Dataset(raw_data=list(tensors[user % CLIENTS])), get_user_sampler("random", list(range(100)))
    )
    net = module(torch)
    model = PyTorchModel(net, torch.optim.SGD, torch.optim.SGD(net.parameters(), lr=1.0))
    backend = SimulatedBackend(training_data=users, val_data=users)
    train = NNTrainHyperParams(local_num_epochs=1, local_learning_rate=RATE, local_batch_size=BATCH)

    def one_round():
        FederatedAveraging().run(
            NNAlgorithmParams(
                central_num_iterations=1, evaluation_frequency=1000, train_cohort_size=CLIENTS, val_cohort_size=0
            ),
            backend,
            model,
            train,
            NNEvalHyperParams(local_batch_size=BATCH),
            callbacks=[],
        )

    return f"pfl-research {importlib.metadata.version('pfl')}", "2NN, 10 of 100 clients, PyTorch, 2 threads", one_round


def flower(rounds=10):
    """Rounds of Flower with clients that do nothing, and its start-up: one run, because it cannot be paused."""
    import importlib.metadata
    import logging

    import numpy
    from flwr.client import ClientApp, NumPyClient
    from flwr.server import ServerApp, ServerAppComponents, ServerConfig
    from flwr.server.strategy import FedAvg
    from flwr.simulation import run_simulation
    from flwr.common import ndarrays_to_parameters

    logging.disable(logging.CRITICAL)

    class Idle(NumPyClient):
        def fit(self, parameters, config):
            return parameters, 1, {}

    times = []

    def evaluate(number, parameters, config):
        times.append(time.perf_counter())

    def server(context):
        strategy = FedAvg(
            fraction_fit=0.1, fraction_evaluate=0, min_fit_clients=10, min_available_clients=10,
            initial_parameters=ndarrays_to_parameters(initial(numpy)), evaluate_fn=evaluate,
        )
        return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=rounds))

    began = time.perf_counter()
    run_simulation(
        server_app=ServerApp(server_fn=server), client_app=ClientApp(client_fn=lambda context: Idle().to_client()),
        num_supernodes=100, backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0}},
    )
    who, what = f"Flower {importlib.metadata.version('flwr')}", "2NN, 10 of 100 clients that do nothing"
    steps = sorted(after - before for before, after in zip(times[1:], times[2:]))
    say(who, what, steps[len(steps) // 2])
    say(who, what + ", until the first round is done", times[1] - began)


def say(who, what, *values):
    answers.write("\t".join([who, what, *(v if isinstance(v, str) else f"{v:.6f}" for v in values)]) + "\n")
    answers.flush()


def main():
    if sys.argv[1:] == ["flower"]:
        try:
            flower()
        except Exception as failure:
            say("Flower", "2NN, 10 of 100 clients that do nothing", f"not installed ({type(failure).__name__})")
        return
    peers = []
    # numpy's processes are forked before any other package starts threads.
    for make, label in ((numpy_peer, "numpy"), (torch_peer, "PyTorch"), (pfl_peer, "pfl-research")):
        try:
            peers.append(make())
        except Exception as failure:
            peers.append((label, "2NN, 10 of 100 clients", f"not installed ({type(failure).__name__})"))
    for _ in sys.stdin:
        for who, what, work in peers:
            if isinstance(work, str):
                say(who, what, work)
                continue
            wall, busy = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
            elsewhere = work()
            after = resource.getrusage(resource.RUSAGE_SELF)
            used = after.ru_utime + after.ru_stime - busy.ru_utime - busy.ru_stime
            say(who, what, time.perf_counter() - wall, used + (elsewhere or 0.0))
        answers.write("end\n")
        answers.flush()


if __name__ == "__main__":
    main()
