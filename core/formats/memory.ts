/** Less isn't worth the call. */
const SMALL = 1024;

/**
 * Gives back the memory of bytes no longer needed at once. The collector only sees small objects: it lets hundreds of megabytes pile up
 * behind them, then stops the thread to free them. Node's pools of small buffers stay: they can't be split.
 */
export function release({ buffer }: ArrayBufferView): void {
  const { byteLength } = buffer;
  if (byteLength > SMALL && byteLength !== Buffer.poolSize && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
