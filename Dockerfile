# The watcher as a container: everything it stores is in /data, its two files are mounted.
#   docker build --tag watcher .
#   docker run --volume "$PWD/deploy:/etc/watcher:ro" --volume watcher-data:/data watcher
#   docker run watcher demo

FROM python:3.11-slim AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/watcher
COPY requirements.txt /build/
RUN /opt/watcher/bin/pip install --require-hashes -r /build/requirements.txt
COPY . /build
RUN /opt/watcher/bin/pip install --no-deps --no-build-isolation /build

FROM python:3.11-slim
COPY --from=builder /opt/watcher /opt/watcher
RUN /usr/sbin/useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin watcher \
 && install --directory --owner=watcher --group=watcher /data
ENV PATH=/opt/watcher/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WATCHER_PROGRAM=/etc/watcher/program.toml \
    WATCHER_CONFIG=/etc/watcher/watcher.toml
USER watcher
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
# `watcher status` only reads: it takes no lock, writes nothing and asks no endpoint.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 CMD ["watcher", "status"]
ENTRYPOINT ["watcher"]
CMD ["run"]
