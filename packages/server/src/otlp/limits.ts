const megabyte = 1 << 20

/** A request, before and after it is decompressed: what the OTLP specification recommends for HTTP, five times the usual of gRPC. */
export const requestBytesMax = 20 * megabyte

/** How long a request may take to arrive. Exporters give up after ten seconds. */
export const arrivalMsMax = 30_000

/** What a byte of a large request takes at worst while it is worked on: as text, as objects, as records of the log. */
export const memoryBytesPerByte = 12

/** Requests that have arrived or are arriving, as they came. */
export const arriving = { bytesMax: 64 * megabyte, waitingMax: 1000, waitMsMax: 5_000 } as const

/** Requests that are decompressed and read, and whose events wait to be durable: one of the largest at once, or many smaller ones. */
export const working = { bytesMax: requestBytesMax * memoryBytesPerByte, waitingMax: 1000, waitMsMax: 5_000 } as const

/** What a client that was turned away waits before it comes again. */
export const retryAfterSeconds = 1

/** Calls at once on one connection of gRPC: an exporter makes one, a collector some. Each may hold the 64 KiB of its flow-control window. */
export const grpcStreamsMax = 16
/** gRPC says what it has to say in few headers. */
export const grpcHeaderPairsMax = 64
/** A connection of gRPC on which nothing happens for so long is closed; exporters connect again by themselves. */
export const grpcIdleMsMax = 10 * 60_000
/** How long calls may take to end when the server stops. */
export const grpcDrainMsMax = 5_000
