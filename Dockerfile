# The command line and the worker in one small image without a shell, for a user
# without rights. See docker-compose.yml for how it is run. It is built without git, so
# BUILD_ID names the build for workers of a deployment (docs/upgrades.md).
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0
RUN go build -trimpath -ldflags="-s -w" -o /out/audiencesync ./starter \
 && go build -trimpath -ldflags="-s -w" -o /out/audiencesync-worker ./worker \
 && go build -C tools/healthcheck -trimpath -ldflags="-s -w" -o /out/healthcheck . \
 && mkdir -p /state

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/ /usr/local/bin/
# A new volume mounted here takes over the owner, so that the worker can write.
COPY --from=build --chown=65532:65532 --chmod=0700 /state /var/lib/audiencesync
ARG BUILD_ID
ENV AUDIENCESYNC_BUILD_ID=$BUILD_ID
USER 65532:65532
ENTRYPOINT ["audiencesync"]
