# The image of onedata-exporter. `make image` builds it with version, revision and the time of the source.

FROM python:3.13-slim-trixie AS build
WORKDIR /src
# Only wheels whose hashes are known are installed, and nothing is compiled.
COPY constraints.txt constraints-build.txt ./
RUN python -m venv --without-pip /opt/onedata-exporter \
    && python -m pip --python /opt/onedata-exporter/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-compile --only-binary :all: --require-hashes --requirement constraints.txt \
    && python -m venv --without-pip /opt/build \
    && python -m pip --python /opt/build/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement constraints-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY tools/hatch_build.py tools/
COPY exporter exporter/
COPY deploy/image/openssl.cnf /opt/onedata-exporter/
ARG REVISION=""
# The time of all files that the image adds: the same inputs give the same bytes.
ARG SOURCE_DATE_EPOCH=0
RUN SOURCE_REVISION="${REVISION}" SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH}" python -m pip --python /opt/build/bin/python \
        wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m pip --python /opt/onedata-exporter/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-compile --no-deps --no-index /wheels/*.whl \
    && PYTHONHASHSEED=0 python -m compileall -q -f --invalidation-mode unchecked-hash /opt/onedata-exporter/lib \
    && mkdir -p /image/opt /image/var/lib/onedata-exporter \
    && mv /opt/onedata-exporter /image/opt/ \
    && chown 65532:65532 /image/var/lib/onedata-exporter \
    && find /image -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM python:3.13-slim-trixie
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="onedata-exporter" \
      org.opencontainers.image.description="Prometheus exporter that watches both paths to every Onepanel of an Onedata cluster" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
# The root file system may be read-only, so nothing is ever written beside the code.
ENV PATH="/opt/onedata-exporter/bin:${PATH}" PYTHONDONTWRITEBYTECODE=1 \
    OPENSSL_CONF=/opt/onedata-exporter/openssl.cnf
USER 65532:65532
EXPOSE 19443
# For what the exporter keeps between two runs.
VOLUME /var/lib/onedata-exporter
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["onedata-exporter", "healthcheck"]
ENTRYPOINT ["onedata-exporter"]
CMD ["serve", "--config.file=/etc/onedata-exporter/onedata-exporter.yml"]
