/** Labs opened on this machine, newest first. */
import type { LabInfo } from '../../core/contract/contract.ts';

const STORE = 'umbra.recent';
const KEPT = 12;

export interface RecentLab {
  readonly path: string;
  /** ms since 1970. */
  readonly opened: number;
}

export function parseRecent(text: string | null): readonly RecentLab[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    const isLab = (lab: unknown): lab is RecentLab =>
      typeof (lab as RecentLab | null)?.path === 'string' && typeof (lab as RecentLab).opened === 'number';
    return Array.isArray(list) ? list.filter(isLab) : [];
  } catch {
    return [];
  }
}

export const recentLabs = (): readonly RecentLab[] => parseRecent(localStorage.getItem(STORE));

export function rememberLab({ path }: Pick<LabInfo, 'path'>, now: number): void {
  const others = recentLabs().filter((lab) => lab.path !== path);
  localStorage.setItem(STORE, JSON.stringify([{ path, opened: now }, ...others].slice(0, KEPT)));
}

export function forgetLabs(): void {
  localStorage.removeItem(STORE);
}
