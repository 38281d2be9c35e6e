/** What an event may hold. Texts are counted in bytes of UTF-8. */

const kibibyte = 1024
const dayMicros = 86_400_000_000

/** These stand in indexes, whose rows PostgreSQL keeps below a third of a page (2,704 bytes). */
export const traceIdBytesMax = 255
export const sourceBytesMax = 255
export const eventTypeBytesMax = 255

/** A whole event as JSON text, white space and escapes that need not be left out. What is larger is refused before it is parsed, for that could take seconds. */
export const eventBytesMax = 1024 * kibibyte

/** As JSON text. Half of the largest record that the log takes by default. */
export const metadataBytesMax = 512 * kibibyte
/** Arrays and objects inside each other, the metadata object being the first: a limit on recursion. */
export const metadataDepthMax = 32

/** Long enough for any fraction that clocks give; what is longer is refused before it is looked at. */
export const timestampCharactersMax = 64
/** 1970: what is earlier is a clock that was never set, or the zero of a library's time type. */
export const timestampMicrosMin = 0
/** The end of 2254: up to here microseconds are exact as doubles. A record's own time may be anything. */
export const timestampMicrosMax = 8_993_721_600_000_000
/** How far an event may lie ahead of the moment at which it was taken in. */
export const timestampAheadMicrosMax = dayMicros
