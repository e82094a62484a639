/** Bounds on slow clients, milliseconds. */
export interface Timeouts {
  /** Until all headers of a request have come. */
  readonly headers: number;
  /** Until the whole request has come. */
  readonly request: number;
  /** Between two requests of a connection. */
  readonly keepAlive: number;
  /** How often slow requests are looked for. */
  readonly check: number;
}

/** What a served site has. */
export const defaultTimeouts: Timeouts = {
  headers: 10_000,
  request: 60_000,
  keepAlive: 75_000,
  check: 2_000,
};
