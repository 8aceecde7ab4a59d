/** What differs between one HAProxy of Belay's and another. */
export interface HaproxyConfig {
  readonly services: readonly { readonly name: string; readonly bind: string }[];
  /** The Runtime API: where Belay steers. */
  readonly statsSocket: string;
  /** Writable for HAProxy; holds `belay.map` (it must exist, empty at first) and the weights. */
  readonly stateDir: string;
  /** The path of `belay.lua`. */
  readonly lua: string;
  /** Where `belay tap` listens for the log: `host:port`. */
  readonly tap: string;
  /** The most instances of one version. */
  readonly slots: number;
}

/**
 * The configuration of a HAProxy (2.6 or newer, with Lua) that Belay steers. A service has four
 * pools, for the versions that may run at once; one value of a map that `belay.lua` writes says
 * which versions are in which pools and how much of the traffic each one has.
 */
export function renderHaproxyConfig(config: HaproxyConfig): string {
  const { statsSocket, stateDir, lua, tap } = config;
  return `# A HAProxy that Belay steers; made by \`renderHaproxyConfig\`.
#
# One service more: copy the part of a service, from its \`frontend\` to its last \`backend\`, put the
# new name for the old one everywhere in the copy, give it a port of its own, and reload HAProxy.
global
    stats socket ${statsSocket} mode 600 level admin expose-fd listeners
    setenv BELAY_STATE_DIR ${stateDir}
    lua-load ${lua}
    # After a reload the old process may finish open requests for this long, not longer.
    hard-stop-after 30s
    log ring@belay-tap local0

ring belay-tap
    description "every request, for the counts of belay tap"
    format rfc5424
    maxlen 1024
    size 4194304
    timeout connect 1s
    timeout server 10s
    server tap ${tap} log-proto octet-count

defaults
    mode http
    log global
    option httplog
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout http-keep-alive 75s
    # An instance that refuses a connection is not the user's problem; another one is asked.
    retries 3
    option redispatch 1
    # An instance works for nobody whose user has left, and a drain does not wait for it.
    option abortonclose
    retry-on conn-failure empty-response
    http-reuse safe
${config.services.map((service) => renderService(service, config)).join('')}`;
}

function renderService(
  { name, bind }: HaproxyConfig['services'][number],
  { stateDir, slots }: HaproxyConfig,
): string {
  const map = `${stateDir}/belay.map`;
  const pool = (letter: string): string => `
backend ${name}.${letter}
    balance roundrobin
    # Only what cannot have begun is asked again.
    http-request disable-l7-retry unless { method GET HEAD OPTIONS }
    server-template s 1-${slots} 127.0.0.1:1 disabled
`;
  return `
frontend ${name}
    bind ${bind}
    http-request set-var(txn.began) date(0,us)
    # What the data plane serves, for Belay to confirm a write; for nobody else.
    acl confirms path /.well-known/belay/${name}
    acl private src 127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1 fc00::/7
    http-request set-var(txn.served) str(${name}.served),map(${map},0) if confirms
    http-request return status 200 content-type application/json lf-string "{\\"served\\":\\"%[var(txn.served)]\\"}" if confirms private
    http-request return status 404 if confirms
    # A version on purpose, whatever its weight.
    acl asks req.hdr(x-belay-version) -m found
    http-request set-var(txn.asked) req.hdr(x-belay-version) if asks
    http-request set-var(txn.pick) str(${name}/),concat(,txn.asked),map(${map},none:-) if asks
    # Where an affinity or matches are in force, belay.lua chooses.
    http-request set-var(txn.split) str(${name}.split),map(${map},-) unless asks
    acl steered var(txn.split) -m beg s t
    http-request lua.belay ${name} if steered
    http-response add-header set-cookie %[var(txn.cookie)] if { var(txn.cookie) -m found }
    # By weight: one throw a request, less the share of the second route and of each one after it.
    acl picked var(txn.pick) -m found
    acl within var(txn.over) -m int lt 0
    acl many var(txn.split) -m beg m t
    http-request set-var(txn.share) var(txn.split),field(4,:),add(0) unless picked
    http-request set-var(txn.over) rand(100),sub(txn.share) unless picked
    http-request set-var(txn.pick) var(txn.split),field(5,:,2) if within !picked
${further(7)}${further(10)}    http-request set-var(txn.pick) var(txn.split),field(2,:,2) unless picked
    http-request set-var(txn.pool) var(txn.pick),field(1,:)
    http-request set-var(txn.version) var(txn.pick),field(2,:)
    http-request set-var(txn.audience) str(live)
    http-request set-var(txn.audience) str(preview) if asks
    log-format "${name} %[var(txn.version)] %[var(txn.audience)] %ST %ts %[date(0,us),sub(txn.began)] %[var(txn.user)]"
    use_backend ${name}.%[var(txn.pool)]
    default_backend ${name}.none
${['a', 'b', 'c', 'd'].map(pool).join('')}
backend ${name}.none
    http-request return status 503 content-type text/plain string "no such version"
`;
}

/** The same for the third and the fourth route, whose parts of the value begin at `field`. */
function further(field: number): string {
  return `    http-request set-var(txn.share) var(txn.split),field(${field},:),add(0) if many !picked
    http-request set-var(txn.over) var(txn.over),sub(txn.share) if many !picked
    http-request set-var(txn.pick) var(txn.split),field(${field + 1},:,2) if many within !picked
`;
}
