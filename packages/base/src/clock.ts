/** Time as an argument: tests and simulations bring their own, so that a seed replays a failure. */
export type Clock = {
  /** Milliseconds since the Unix epoch. May jump in either direction when the machine's clock is set. */
  now(): number
  /** Milliseconds since an arbitrary origin. Never goes back. */
  monotonic(): number
  /** Calls `action` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer
  /** Calls `action` every `intervalMs`. The timer does not keep the process alive. */
  every(intervalMs: number, action: () => void): Timer
}

export type Timer = { cancel(): void }

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  every(intervalMs, action) {
    const timer = setInterval(action, intervalMs).unref()
    return { cancel: () => clearInterval(timer) }
  },
}
