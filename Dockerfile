# One image for the worker, the tap, the command line and the demo service; the command chooses.
# glibc, because the Temporal SDK's native part is built against it: not Alpine.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Not `npm ci`: it refuses a lock file without the optional parts for other platforms.
RUN npm install --no-save --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# Also bundles the workflows, so that a worker starts at once.
RUN npm run build && chmod +x dist/cli/main.js

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The SDK brings its native part for five platforms; the image is for one or two of them.
RUN npm install --omit=dev --no-save --no-audit --no-fund \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name '*-linux-gnu' -exec rm -r '{}' +

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production \
  BELAY_STATE_DIR=/var/lib/belay/environment \
  BELAY_METRICS_ADDRESS=0.0.0.0:9464 \
  BELAY_WORKFLOW_BUNDLE=/app/dist/workflows.js
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY haproxy ./haproxy
COPY schema ./schema
COPY --from=build /app/dist ./dist
# A new volume takes the owner of the folder it is mounted over: everything here is for the user `node`, 1000.
RUN ln -s /app/dist/cli/main.js /usr/local/bin/belay \
  && install -d -o 1000 -g 1000 \
    /var/lib/belay /var/lib/belay/alerts /var/lib/belay/environment /var/lib/belay/haproxy \
    /var/lib/belay/tap
USER 1000:1000
EXPOSE 9464
# Healthy once it polls for work: the metrics are there before the connection to Temporal is.
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "const metrics = await fetch('http://127.0.0.1:9464/metrics'); process.exit(/^temporal_num_pollers.* [1-9]/m.test(await metrics.text()) ? 0 : 1)"]
CMD ["node", "dist/worker/main.js"]
