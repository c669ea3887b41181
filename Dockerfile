# Builds the static executable and ends in an image that holds nothing else, so that other images can say
#   COPY --from=upinit /sbin/upinit /sbin/upinit
# BUILD_BASE needs Node 20, npm and a C compiler; musl-gcc makes the smaller executable and is installed if it can be.
ARG BUILD_BASE=node:20-bookworm
FROM ${BUILD_BASE} AS build
RUN command -v musl-gcc || (apt-get update && apt-get install -y --no-install-recommends musl-tools) || true
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && mkdir -p /out/sbin && cp dist/upinit /out/sbin/upinit

FROM scratch
COPY --from=build /out/ /
RUN ["/sbin/upinit", "--install", "/sbin"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/sbin/upinit"]
