/** The user's home folder. */
import { homedir } from 'node:os';

/** As containers have it, `/` for a user id without a name where HOME isn't set either: Node throws then. */
export function homeFolder(): string {
  try {
    return homedir() || '/';
  } catch {
    return '/';
  }
}
