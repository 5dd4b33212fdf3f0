/** placeholder */
export function textFields(_event: string, _text: string): Record<string, bigint | string> {
  return {};
}
