FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends libsqlite3-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The executable carries Swift's runtime and its own assets: the second stage needs no toolchain.
RUN swift build --configuration release --static-swift-stdlib --product rolecall \
    && install -D --strip .build/release/rolecall /out/rolecall

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends libsqlite3-0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin rolecall
RUN install -d -o rolecall -g rolecall -m 700 /data
COPY --from=build /src/scripts/healthcheck /usr/local/bin/rolecall-healthcheck
COPY --from=build /out/rolecall /usr/local/bin/rolecall
USER 10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["rolecall-healthcheck"]
ENTRYPOINT ["rolecall"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--data", "/data"]
