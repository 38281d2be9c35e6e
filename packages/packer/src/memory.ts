/**
 * Gives memory back at once; whoever looks at it afterwards finds it empty. The collector hardly sees what lies outside of its heap: a hundred megabytes of
 * pieces that nobody needs any more would wait for it. A view of a part is left alone: the rest may be somebody's, as in the pool that small Buffers share.
 */
export function letGo(memory: Uint8Array | ArrayBuffer): void {
  const buffer = (ArrayBuffer.isView(memory) ? memory.buffer : memory) as ArrayBuffer
  if (buffer.byteLength > 0 && buffer.byteLength === memory.byteLength) buffer.transfer(0)
}
