/** A question that the model can't answer as asked: wrong parameters, clocks that don't meet, too few pages. The message is complete. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** The first problem of a zod schema as one line that names the field, e.g. `onFault.host-mm: expected one of …`. */
export function firstIssue(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  const { path, message } = issues[0];
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${path.length ? `${path.map(String).join('.')}: ` : ''}${message}${more}`;
}
