/** Less isn't worth the call. */
const SMALL = 1024;

/**
 * Gives the memory of bytes that nobody needs any more back at once. The collector sees small objects only: it lets hundreds of
 * megabytes pile up behind them, then stops the thread to free them. Node's pools of small buffers stay: they can't be taken apart.
 */
export function release({ buffer }: ArrayBufferView): void {
  const { byteLength } = buffer;
  if (byteLength > SMALL && byteLength !== Buffer.poolSize && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
