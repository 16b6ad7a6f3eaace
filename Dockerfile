# Two images of one application and one lock file.
#
#   app      our processes: worker, feed, console, and the commands that run once
#   airflow  the official Airflow image with the application beside it, for the DAGs' tasks
#
# The official image keeps its own Python environment, which it was tested with; the application
# has another one in /opt/flowdrop, and only the command `flowdrop` is put on the tasks' PATH.
# The lock file is one environment for all packages, so each image also holds packages that it does
# not use (chDB, the test tools): larger, but what runs is what was tested.

FROM python:3.12-slim AS app
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# the user of the official Airflow image, so that both may write the volume they share; nobody else
RUN useradd --uid 50000 --gid 0 --home-dir /var/lib/flowdrop --create-home flowdrop \
    && chmod 700 /var/lib/flowdrop
WORKDIR /opt/flowdrop/src
COPY requirements.lock ./
RUN python -m venv /opt/flowdrop/venv \
    && /opt/flowdrop/venv/bin/pip install --require-hashes -r requirements.lock
COPY . .
RUN /opt/flowdrop/venv/bin/pip install --no-deps --editable .
ENV PATH=/opt/flowdrop/venv/bin:$PATH FLOWDROP_HOME=/var/lib/flowdrop
USER flowdrop
ENTRYPOINT ["flowdrop"]

FROM apache/airflow:3.3.2 AS airflow
USER root
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_USER=false
RUN mkdir -p /opt/flowdrop/src /var/lib/flowdrop && chown -R airflow:0 /opt/flowdrop /var/lib/flowdrop \
    && chmod 700 /var/lib/flowdrop
USER airflow
WORKDIR /opt/flowdrop/src
COPY --chown=airflow:0 requirements.lock ./
RUN python -m venv /opt/flowdrop/venv \
    && /opt/flowdrop/venv/bin/pip install --require-hashes -r requirements.lock
COPY --chown=airflow:0 . .
RUN /opt/flowdrop/venv/bin/pip install --no-deps --editable .
USER root
RUN ln -s /opt/flowdrop/venv/bin/flowdrop /usr/local/bin/flowdrop
USER airflow
WORKDIR /opt/airflow
ENV FLOWDROP_HOME=/var/lib/flowdrop AIRFLOW__CORE__DAGS_FOLDER=/opt/flowdrop/src/dags
