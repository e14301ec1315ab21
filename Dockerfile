# The image of onedata-exporter. `make image` builds it with version and revision.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
# Only wheels, and only those whose hashes are known: nothing is compiled, and the same inputs give the same image.
COPY constraints.txt constraints-build.txt ./
RUN python -m venv --without-pip /opt/onedata-exporter \
    && python -m pip --python /opt/onedata-exporter/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement constraints.txt \
    && python -m pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
        --only-binary :all: --require-hashes --requirement constraints-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY tools/hatch_build.py tools/
COPY exporter exporter/
ARG REVISION=""
RUN SOURCE_REVISION="${REVISION}" python -m pip wheel --no-cache-dir --disable-pip-version-check \
        --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m pip --python /opt/onedata-exporter/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --no-index /wheels/*.whl

FROM python:3.11-slim-bookworm
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="onedata-exporter" \
      org.opencontainers.image.description="Prometheus exporter that watches both paths to every Onepanel of an Onedata cluster" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/onedata-exporter /opt/onedata-exporter
# The root file system may be read-only, so nothing is ever written beside the code.
ENV PATH="/opt/onedata-exporter/bin:${PATH}" PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 19443
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["onedata-exporter", "healthcheck"]
ENTRYPOINT ["onedata-exporter"]
CMD ["serve", "--config.file=/etc/onedata-exporter/onedata-exporter.yml"]
