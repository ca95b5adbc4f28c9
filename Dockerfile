# syntax=docker/dockerfile:1

# Parley: one static binary, without a shell or a package manager around it, run by nobody in particular.
#
#   docker build -t parley --build-arg VERSION="$(git describe --tags --always --dirty)" .
#   docker run -p 127.0.0.1:8080:8080 -v parley:/data -e PARLEY_JWT_SECRET="$(openssl rand -hex 32)" parley
#
# In a container the server listens on every address, and that takes knowing who is asking: set PARLEY_JWT_SECRET or
# PARLEY_JWKS_URL. Without either it would be in development mode, which answers on loopback only, and it says so and
# ends.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
# What --version and the metrics call it: the history, which would tell, is not copied.
ARG VERSION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w -X main.release=$VERSION" -o /out/parley . \
    && mkdir /out/data

FROM scratch
# A JWKS URL or a database over TLS is checked against the public certificate authorities.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/parley /parley
# The working folder, where parley.db is made when DATABASE_URL is left out.
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /data
VOLUME /data
USER 65532:65532
ENV PARLEY_ADDR=0.0.0.0:8080
EXPOSE 8080
# No HEALTHCHECK: it would need a program in the image. Orchestrators ask GET /healthz (alive) and /readyz (ready).
ENTRYPOINT ["/parley"]
