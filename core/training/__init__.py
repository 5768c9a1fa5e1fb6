"""The same small training run from several stores: does the format change the result, and what does loading cost?

    settings      what can be chosen, and what may not
    orders        which samples of a split, in which order
    models        a small CNN, and ResNet-18 for small and for large images
    learner       a model with its optimiser: one step, one evaluation
    clock         what a step spent waiting for data, told apart from its computing (CPU, CUDA, MPS)
    determinism   the same arithmetic every time: threads, algorithms, first weights
    dataloaders   a store's training and validation batches
    training_run  one store in one order with a learner of its own
    ceiling       how fast the model learns where nothing is loaded
    figures       an epoch's figures from its steps
    verdict       whether several stores gave the same losses, and where they parted
    common        names, manifests and records that both tasks need
    task          `Train`: the training runs of all stores, their epochs interleaved
    scaling       `Scaling`: samples per second over batch sizes, workers and devices
    results       runs that were kept, read back

`settings`, `orders`, `figures`, `verdict` and `results` do without torch; importing this package loads none of it.
"""
