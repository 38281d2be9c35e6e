/** What is kept of a trace and of an agent's day, whatever is sent. Texts are counted in bytes of UTF-8. */

const kibibyte = 1024

/**
 * Of each lifecycle event type so many of the first and so many of the last events are kept: 1,200 events of a trace at most, which
 * is some 5 MB of text when all of them are as long as the limits below allow.
 */
export const firstEventsMax = 100
export const lastEventsMax = 100

/** A longer title is cut. The event keeps all of it. */
export const titleBytesMax = kibibyte
/** A longer error is cut. The event keeps all of it. */
export const errorBytesMax = 8 * kibibyte
/** As JSON text. A larger one is not taken over into the trace: half of a JSON value is none. */
export const scoringBreakdownBytesMax = 16 * kibibyte
/** Owners and agents; agents stand in a primary key. What is longer is no name. */
export const nameBytesMax = 255

/** What one heartbeat may report, about 115 days: the sums of a day stay exact, as doubles are up to 2^53. */
export const heartbeatMsMax = 10_000_000_000
