"""What the pages share: where everything lies, the current dataset, and the jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.home import Home
from core.datasets.dataset import Dataset, list_datasets
from core.jobs import Job, Jobs
from core.sharing.share import Refused
from ui.shared import visitors
from ui.shared.cached import cache_data
from ui.shared.labels import verbatim

DATASET_KEY = "app.dataset"
AWAITED_KEY = "app.awaited_datasets"
TROUBLE_KEY = "app.trouble"
STARTED_KEY = "app.started_jobs"

T = TypeVar("T")


def home() -> Home:
    """The home folder of this server."""
    return Home.find()


def jobs() -> Jobs:
    """The jobs of this server, whichever session started them: to be read. Pages start and cancel jobs by `launch`,
    `start_job` and `cancel`, which know guests."""
    return Jobs(home())


def datasets() -> list[Dataset]:
    """All datasets, by name. Read anew only when the folder of datasets changed."""
    return _datasets(str(home().root), _changed(home()))


def current_dataset() -> Dataset | None:
    """The dataset that was picked in the sidebar, or None where there is none."""
    found = {dataset.name: dataset for dataset in datasets()}
    return found.get(st.session_state.get(DATASET_KEY, "")) or next(iter(found.values()), None)


def select_when_done(job: Job, dataset: str) -> None:
    """Make `dataset` the current one as soon as the job that imports it is done."""
    st.session_state.setdefault(AWAITED_KEY, {})[job.id] = dataset


def take_awaited_datasets() -> None:
    """Pick the dataset of an import that has been done meanwhile. Comes before the picker is drawn."""
    awaited: dict[str, str] = st.session_state.get(AWAITED_KEY, {})
    there = {dataset.name for dataset in datasets()}
    for job_id, dataset in list(awaited.items()):
        if dataset in there:
            st.session_state[DATASET_KEY] = dataset
        if dataset in there or not _is_active(job_id):
            del awaited[job_id]


def launch(task: str, fields: Mapping[str, object], *, title: str, owner: str) -> Job:
    """Start a job of this home.

    Raises:
        Refused (an InputError): a guest may not start it, or not now.
        InputError, WorkError: see `Jobs.start`.
    """
    here = jobs()

    def start() -> Job:
        return here.start(task, {**fields, "home": str(home().root)}, title=title, owner=owner)

    if visitors.is_host():
        return start()
    return visitors.start_as_guest(task, fields, lambda: {job.id for job in here.active()}, start, lambda job: job.id)


def start_job(task: str, fields: Mapping[str, object], *, title: str, owner: str) -> Job | None:
    """The same; where that fails, say why on the page and return None."""
    try:
        job = launch(task, fields, title=title, owner=owner)
        st.session_state.setdefault(STARTED_KEY, set()).add(job.id)
        return job
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return None


def cancel(job_ids: Sequence[str]) -> None:
    """Ask jobs to stop; where that fails, `show_trouble` says why. For buttons' `on_click`."""
    for job_id in job_ids:
        try:
            if not visitors.may_cancel(job_id):
                raise Refused(f"{visitors.only_host('cancel jobs')}; a guest can cancel his own")
            jobs().cancel(job_id)
        except FormatMattersError as error:
            st.session_state[TROUBLE_KEY] = str(error)


def delete(remove: Callable[[Home, T], None], what: T) -> None:
    """Remove a dataset or a store; where that fails, `show_trouble` says why. For buttons' `on_click`."""
    try:
        visitors.require_host("delete")
        remove(home(), what)
    except FormatMattersError as error:
        st.session_state[TROUBLE_KEY] = str(error)


def is_refused(what: str) -> bool:
    """Whether a button's callback ends here, because no host pressed it: `show_trouble` says who can `what`."""
    if visitors.is_host():
        return False
    st.session_state[TROUBLE_KEY] = f"{visitors.only_host(what).capitalize()}."
    return True


def show_trouble() -> None:
    """What a button's callback could not do, once."""
    trouble = st.session_state.pop(TROUBLE_KEY, None)
    if trouble:
        st.error(verbatim(trouble), icon=":material/error:")


@cache_data(max_entries=8, show_spinner=False)
def _datasets(root: str, changed: int) -> list[Dataset]:
    """`changed` is part of the cache's key only."""
    return list_datasets(Home.find(root))


def _changed(home: Home) -> int:
    """Grows whenever a dataset comes or goes: imports are renamed into the folder, deletions out of it."""
    return home.raw.stat().st_mtime_ns if home.raw.is_dir() else 0


def _is_active(job_id: str) -> bool:
    try:
        return jobs().get(job_id).active
    except FormatMattersError:
        return False
