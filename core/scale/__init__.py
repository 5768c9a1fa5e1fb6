"""Before anybody pays: what building and loading a dataset of any size takes on any number of nodes, and what binds.

    assumptions     storage, network, memory, prices: each with its default, which is labelled as an assumption
    images          what an image of a dataset takes: bytes read, stored, fetched
    rates           seconds of one CPU per image, and what is paid once, as they were measured here
    bounds          which of several resources sets the pace
    build_time, epoch_time, cost    the model: pure functions, see docs/plan.md for the formulas
    stand_in, trial_store, measuring, kept_rates    the short measurement that the model takes its rates from
    run_rates       what loader experiments of the same recipe say instead, where there are some
    answer, told    the plan, for programs and for people
    task            `ScalePlan`, which measures what is missing and answers the verb `plan`

It predicts from a trial; the parts of a store that is really built are planned in `building`.
"""
