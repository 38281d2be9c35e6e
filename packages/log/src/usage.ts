/** What all partitions together keep in memory; each adds and takes away its own share. */
export type Usage = { indexBytes: number; producers: number }

export function noUsage(): Usage {
  return { indexBytes: 0, producers: 0 }
}
