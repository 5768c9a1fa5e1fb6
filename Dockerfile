# The app on CPUs, as a plain user. docs/docker.md says how to run it, and who can reach it.
FROM python:3.11-slim

# PyTorch's builds without CUDA, which are a tenth of the size; empty: the package index's own.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

RUN useradd --create-home --uid 1000 app && mkdir /data && chown app:app /data

WORKDIR /app
COPY requirements.txt ./
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep -o '^torch==[0-9.]*' requirements.txt)" \
    && pip install -r requirements.txt
COPY LICENSE NOTICE app.py ./
COPY .streamlit ./.streamlit
COPY core ./core
COPY pages ./pages
COPY ui ./ui

# Datasets, stores and runs, and what is compiled once: all that outlives the container.
ENV FORMAT_MATTERS_HOME=/data FORMAT_MATTERS_CACHE=/data/cache
VOLUME /data

USER app
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

# On all interfaces of the container: its own loopback is reached by nobody outside. Who may come in is said by
# `docker run -p 127.0.0.1:8501:8501`, and the app answers to no other names than localhost (docs/docker.md).
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501", "--server.headless", "true"]
