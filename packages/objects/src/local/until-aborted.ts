/** The pieces of a body until the signal aborts: also while the next one does not come. Throws the reason of the signal (O5). */
export async function* untilAborted(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted()
  const pieces = body[Symbol.asyncIterator]()
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal?.reason)
  aborted.promise.catch(() => undefined)
  signal?.addEventListener('abort', abort)
  let ended = false
  try {
    while (true) {
      const next = await Promise.race([pieces.next(), aborted.promise])
      if ((ended = next.done === true)) return
      yield next.value
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    // A body that is stuck never answers to `return` either: it is told, and not waited for.
    if (!ended) pieces.return?.()?.catch(() => undefined)
  }
}
