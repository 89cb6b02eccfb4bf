# One image for the controller, the proxy and Node functions. The entry point is the controller;
# the proxy is `node dist/proxy/main.js`, a function `node dist/framework/main.js`.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY build.mjs tsconfig.json tsconfig.build.json ./
COPY src src
RUN node build.mjs

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

FROM ${NODE_IMAGE}
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY proto proto
COPY metacontroller metacontroller
# The user of the restricted Pod Security Standard. Nothing is written, so the root file system may be read-only.
USER 65532:65532
CMD ["node", "dist/controller/main.js"]
