# syntax=docker/dockerfile:1
# The bridge in an image: locked dependencies only, no root, nothing to write but the volume of the state.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/bridge
COPY requirements-runtime.lock /src/
RUN /opt/bridge/bin/pip install --require-hashes --only-binary :all: -r /src/requirements-runtime.lock
# hatchling builds the package; requirements.lock pins it with its hashes, and it stays in this stage.
COPY requirements.lock /src/
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r /src/requirements.lock
COPY pyproject.toml README.md /src/
COPY bridge /src/bridge
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /src/dist /src \
    && /opt/bridge/bin/pip install --no-deps /src/dist/*.whl \
    && /opt/bridge/bin/pip uninstall --yes pip setuptools \
    && /opt/bridge/bin/python -m compileall -q /opt/bridge/lib \
    && install -d -m 0700 -o 65532 -g 65532 /var/lib/bridge

FROM python:3.11-slim
COPY --from=build /opt/bridge /opt/bridge
COPY --from=build --chown=65532:65532 /var/lib/bridge /var/lib/bridge
ENV PATH=/opt/bridge/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BRIDGE_CONFIG=/etc/bridge/bridge.yaml
USER 65532:65532
WORKDIR /var/lib/bridge
VOLUME /var/lib/bridge
STOPSIGNAL SIGTERM
ENTRYPOINT ["bridge"]
CMD ["-c", "/etc/bridge/bridge.yaml", "run"]
