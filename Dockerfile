# syntax=docker/dockerfile:1

# Parley: one static binary, without a shell or a package manager, run by an unprivileged user.
#
#   docker build -t parley --build-arg VERSION="$(git describe --tags --always --dirty)" .
#   docker run -p 127.0.0.1:8080:8080 -v parley:/data -e PARLEY_JWT_SECRET="$(openssl rand -hex 32)" parley
#
# In a container the server listens on every address, so it must verify tokens: set PARLEY_JWT_SECRET or PARLEY_JWKS_URL.
# Without either it would run in development mode, which allows loopback only, so it prints an error and exits.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
# The version that --version and the metrics show; the git history is not copied.
ARG VERSION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w -X main.release=$VERSION" -o /out/parley . \
    && mkdir /out/data

FROM scratch
# The public certificate authorities, to verify a JWKS URL or a database over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/parley /parley
# The working folder, in which parley.db is created if DATABASE_URL is not set.
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /data
VOLUME /data
USER 65532:65532
ENV PARLEY_ADDR=0.0.0.0:8080
EXPOSE 8080
# No HEALTHCHECK: it would need a program in the image. Orchestrators use GET /healthz (alive) and /readyz (ready).
ENTRYPOINT ["/parley"]
