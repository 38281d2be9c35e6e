/** What an event may hold. */

/** Bytes of UTF-8 of an event type's name. */
export const eventTypeBytesMax = 64
/** An event's data as JSON, in characters. */
export const dataCharactersMax = 256 * 1024
/** Arrays and objects inside each other, `data` being the first: a limit on recursion. */
export const dataDepthMax = 32
/** A title, or the name of a program. */
export const textCharactersMax = 4096

/** Largest time that is held, in milliseconds since the epoch: six bytes, the year 10889. */
export const timestampMax = 2 ** 48 - 1
/** How far an event may lie ahead of the moment at which it was received. */
export const timestampAheadMsMax = 86_400_000
