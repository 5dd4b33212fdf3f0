/** An id not in `taken`. */
export function freeId(id: string, taken: readonly string[]): string {
  for (let k = 2; ; k++) {
    const name = `${id.slice(0, 58)}-${k}`;
    if (!taken.includes(name)) return name;
  }
}
