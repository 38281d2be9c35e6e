/** Spans of one request. Exporters send 512 at once by default. */
export const spansMax = 10_000
/** Values inside values of one attribute: a limit on recursion. */
export const valueDepthMax = 16
/** Messages inside messages on the wire: a request, its six levels down to an attribute, and that attribute's own. */
export const messageDepthMax = 8 + 2 * valueDepthMax
/** Messages of one request, in JSON objects and lists: 10,000 spans of 50 attributes. Empty ones take two bytes, and fifty times that in memory. */
export const messagesMax = 1_000_000
/** Members of JSON objects that are not read: a newer OTLP may have some, ten for each span. */
export const foreignNamesMax = 100_000
