# A small image: the binary, its configuration files, and nothing that could be logged in to.
FROM rust:1-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && cargo build --release --locked

FROM debian:bookworm-slim
COPY --from=build /source/target/release/minnow /usr/local/bin/minnow
COPY config /etc/minnow
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/minnow
USER 10001:10001
WORKDIR /var/lib/minnow
ENV STATE_DIRECTORY=/var/lib/minnow \
    CONFIG_FILE=/etc/minnow/concurrency_optimized.json
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/minnow"]
CMD ["trade"]
